"""Every action of the audit log has its words."""

import re

from app.domain.audit import AUDIT_LABELS, AuditAction


def test_every_action_has_a_label_in_both_languages() -> None:
    assert set(AUDIT_LABELS) == set(AuditAction)
    labels = AUDIT_LABELS.values()
    assert all(re.search("[가-힣]", label.ko) and label.en.isascii() for label in labels)
    assert len({label.ko for label in labels}) == len({label.en for label in labels}) == len(labels)


def test_actions_are_named_alike() -> None:
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", action) for action in AuditAction)
