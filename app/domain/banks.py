"""Banks as PortOne names them, for people. Source: `Bank` of portone-server-sdk 0.21."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.catalogue import Name

BANKS: Mapping[str, Name] = MappingProxyType(
    {
        "BANK_OF_KOREA": Name("한국은행", "Bank of Korea"),
        "KDB": Name("KDB산업은행", "KDB"),
        "IBK": Name("IBK기업은행", "IBK"),
        "KOOKMIN": Name("KB국민은행", "KB Kookmin"),
        "SUHYUP": Name("수협은행", "Suhyup"),
        "NONGHYUP": Name("NH농협은행", "NongHyup"),
        "LOCAL_NONGHYUP": Name("지역농축협", "Local NongHyup"),
        "WOORI": Name("우리은행", "Woori"),
        "STANDARD_CHARTERED": Name("SC제일은행", "Standard Chartered"),
        "CITI": Name("한국씨티은행", "Citibank Korea"),
        "SUHYUP_FEDERATION": Name("수협중앙회", "Suhyup Federation"),
        "DAEGU": Name("iM뱅크(대구은행)", "iM Bank"),
        "BUSAN": Name("부산은행", "Busan Bank"),
        "KWANGJU": Name("광주은행", "Kwangju Bank"),
        "JEJU": Name("제주은행", "Jeju Bank"),
        "JEONBUK": Name("전북은행", "Jeonbuk Bank"),
        "KYONGNAM": Name("경남은행", "Kyongnam Bank"),
        "KFCC": Name("새마을금고", "MG Community Credit"),
        "SHINHYUP": Name("신협", "Credit Union"),
        "POST": Name("우체국", "Korea Post"),
        "HANA": Name("하나은행", "Hana"),
        "SHINHAN": Name("신한은행", "Shinhan"),
        "K_BANK": Name("케이뱅크", "K bank"),
        "KAKAO": Name("카카오뱅크", "Kakao Bank"),
        "TOSS": Name("토스뱅크", "Toss Bank"),
    }
)
"""By code."""


def bank_name(code: str) -> Name:
    """A bank that nobody has listed is called by its code."""
    return BANKS.get(code) or Name(code, code)
