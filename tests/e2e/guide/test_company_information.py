"""회사법인정보관리 (guide, pages 10 and 17)."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import TAX_CONTACT
from tests.papers import form, paper

CONTACT = "/v1/company/tax-invoice-contact"
REFUND_ACCOUNT = "/v1/company/refund-account"
ADDRESS = {
    "postcode": "04524",
    "road_address": "서울특별시 중구 세종대로 110",
    "address_detail": "3층",
    "business_type": "도소매",
    "business_class": "사무용품",
}
BANK = {"bank": "SHINHAN", "number": "110-123-456789"}


async def keeps_the_record(actor: Actor, number: str) -> None:
    """What sign-up knew is there, the rest is filled in, with whom tax invoices go to."""
    record = await actor.reads("/v1/company")
    assert (record["legal_name"], record["business_number"]) == ("한빛상사", number)
    assert record["verification"]["status"] == "ACTIVE"
    assert record["address"] == {"postcode": None, "road_address": None, "detail": None}
    changed = await actor.changes("PATCH", "/v1/company", ADDRESS)
    assert changed["address"] == {
        "postcode": "04524",
        "road_address": "서울특별시 중구 세종대로 110",
        "detail": "3층",
    }
    assert (changed["business_type"], changed["business_class"]) == ("도소매", "사무용품")
    kept = await actor.changes("PUT", CONTACT, TAX_CONTACT)
    assert [person["email"] for person in kept["contacts"]] == ["tax@hanbit.example"]
    record = await actor.reads("/v1/company")
    assert record["representative_name"] == "홍길동"
    assert [person["name"] for person in record["tax_invoice_contacts"]] == ["정도현"]


async def asks_for_another_name(actor: Actor) -> None:
    """A name that the register does not verify is asked for, with a document."""
    sent = form(paper(name="등기.pdf"), legal_name="한빛상사 주식회사")
    filed: Json = (await actor.asks("POST", "/v1/company/change-requests", 201, **sent)).json()
    assert (filed["state"], filed["state_label"]) == ("IN_PROGRESS", "확인 중")
    listed = (await actor.reads("/v1/company/change-requests"))["items"]
    assert [(each["legal_name"], each["files"]) for each in listed] == [("한빛상사 주식회사", 1)]
    assert (await actor.reads("/v1/company"))["legal_name"] == "한빛상사"


async def sets_the_refund_account(actor: Actor) -> None:
    """환불계좌: the bank says whose it is; money goes there from the third day on."""
    await actor.steps_up()
    kept = await actor.changes("PUT", REFUND_ACCOUNT, BANK)
    pending = kept["pending"]
    assert (pending["bank_label"], pending["number_masked"]) == ("신한은행", "110*****6789")
    assert pending["holder_masked"] == "한**사"


@story("company.information", Role.SUPER_ADMIN)
async def test_company_information_as_super_admin(town: Town) -> None:
    """회사법인정보관리: the whole page, 환불계좌 included."""
    owner = await town.super_admin()
    await keeps_the_record(owner, str(owner.business_number))
    await asks_for_another_name(owner)
    await town.sandbox("PUT", "/bank-accounts/110123456789/holder", {"name": "한빛상사"})
    await sets_the_refund_account(owner)


@story("company.information", Role.ADMIN)
async def test_company_information_as_admin(town: Town) -> None:
    """회사법인정보관리: as the company, but where its money goes back to it only reads."""
    owner = await town.super_admin()
    admin = await town.admin(owner)
    await keeps_the_record(admin, str(owner.business_number))
    await asks_for_another_name(admin)
    assert (await admin.reads("/v1/company"))["refund_account"] is None
    await admin.is_refused("PUT", REFUND_ACCOUNT, "permission_denied", BANK)


@story("company.information", Role.PROSPECT)
async def test_company_information_as_prospect(town: Town) -> None:
    """회사법인정보관리: complete before the first order; no 환불계좌 before it is proven."""
    prospect = await town.prospect()
    await keeps_the_record(prospect, str(prospect.business_number))
    steps = (await prospect.reads("/v1/me"))["next_steps"]
    assert "COMPLETE_COMPANY_INFORMATION" not in steps
    await prospect.steps_up()
    await prospect.is_refused("PUT", REFUND_ACCOUNT, "company_unproven", BANK, seen='"r0"')


@story("company.information", Role.MEMBER)
async def test_company_information_as_member(member: Actor) -> None:
    """회사법인정보관리 is not in the menu of a person without a company, and refuses."""
    assert "company.information" not in await member.sees_pages()
    for path in ("/v1/company", "/v1/company/change-requests", CONTACT, REFUND_ACCOUNT):
        await member.is_refused("GET", path, "permission_denied")
    await member.is_refused("PATCH", "/v1/company", "permission_denied", ADDRESS, seen='"r1.0.0"')
