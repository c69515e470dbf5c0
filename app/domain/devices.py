"""What a device calls itself, in a few words that people recognise."""

from app.domain.catalogue import Name

_BROWSERS = (
    ("Edg", "Edge"),
    ("Whale/", "Whale"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_UNKNOWN = Name("알 수 없는 기기", "Unknown device")


def device_label(user_agent: str) -> Name:
    """`Chrome · Windows`; never the text itself, which anybody may write."""
    found = [
        next((name for mark, name in names if mark in user_agent), None)
        for names in (_BROWSERS, _SYSTEMS)
    ]
    label = " · ".join(name for name in found if name)
    return Name(label, label) if label else _UNKNOWN
