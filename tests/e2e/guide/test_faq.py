"""고객포털 FAQ (guide, pages 14 and 21): the same for everybody."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story

CATEGORIES = [
    "가입/계약/해지",
    "결제/환불",
    "상품 추가/서비스 연장",
    "초기 설정/가이드",
    "고객지원",
]
QUESTIONS = [
    "다우오피스의 상품 유형에 대해 설명해주세요.",
    "다우오피스를 무료로 체험해 볼 수 있나요? 언제까지 무료로 사용할 수 있나요?",
    "무료 상품에서 유료 상품으로 업그레이드하고 싶습니다.",
    "유료 상품으로 업그레이드하더라도 9개 계정까지는 계속 무료로 사용할 수 있나요?",
    "계약서를 작성해야 하나요?",
]


async def finds_an_answer(actor: Actor) -> None:
    """무엇을 도와드릴까요?: by category, by a word of it, opened, said to have helped."""
    assert "faq" in await actor.sees_pages()
    categories = (await actor.reads("/v1/faq-categories"))["items"]
    assert [each["code_label"] for each in categories] == CATEGORIES
    page = (await actor.reads("/v1/faqs"))["items"]
    assert [each["question"] for each in page] == QUESTIONS
    # None of the five questions has the word: the tag "# 결제 / 환불" leads to its category.
    assert (await actor.reads("/v1/faqs", query="환불")) == {"query": "환불", "items": []}
    paying = (await actor.reads("/v1/faqs", category="PAYING"))["items"]
    assert [(each["category_label"], each["question"]) for each in paying] == [
        ("결제/환불", QUESTIONS[1])
    ]
    free = (await actor.reads("/v1/faqs", query="체험"))["items"]
    assert QUESTIONS[1] in {each["question"] for each in free}
    found = (await actor.reads("/v1/faqs", query="업그래이드"))["items"]
    assert {QUESTIONS[2], QUESTIONS[3]} <= {each["question"] for each in found}
    entry = next(each for each in found if each["question"] == QUESTIONS[2])
    before = await actor.reads(f"/v1/faqs/{entry['id']}")
    device = {"User-Agent": f"phone of {actor.login_id}"}
    await actor.asks("POST", f"/v1/faqs/{entry['id']}/feedback", 204, {"helpful": True}, device)
    after = await actor.reads(f"/v1/faqs/{entry['id']}")
    assert after["views"] == before["views"] + 1
    assert after["helpful"] == before["helpful"] + 1


@story("faq", Role.SUPER_ADMIN)
async def test_faq_as_super_admin(super_admin: Actor) -> None:
    """고객포털 FAQ: the guide's five questions, search with a typing slip, feedback."""
    await finds_an_answer(super_admin)


@story("faq", Role.ADMIN)
async def test_faq_as_admin(admin: Actor) -> None:
    """고객포털 FAQ: the same for an administrator."""
    await finds_an_answer(admin)


@story("faq", Role.PROSPECT)
async def test_faq_as_prospect(prospect: Actor) -> None:
    """고객포털 FAQ: the same before the first order."""
    await finds_an_answer(prospect)


@story("faq", Role.MEMBER)
async def test_faq_as_member(member: Actor) -> None:
    """고객포털 FAQ: the same for a person."""
    await finds_an_answer(member)
