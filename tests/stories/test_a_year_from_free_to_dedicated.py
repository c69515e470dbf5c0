"""새싹연구소, 2027: free, then shared, then dedicated, on one and the same site. KRW."""

from tests.contracts import add_extend, change
from tests.flows import free_item, item
from tests.stories.diary import Diary


async def test_a_year_of_a_company_that_began_for_nothing(diary: Diary) -> None:
    # 1 February: the free plan, nine users and 9 GB without an end.
    await diary.on(2027, 2, 1)
    await diary.signs_up()
    await diary.done(await diary.orders(free_item(), total=0))
    (site,) = await diary.memberships()
    await diary.sees(site, users=9, storage_gb=9, monthly_fee=0, expires_on=None)
    # A second free site is not to be had.
    assert await diary.refused(free_item(), total=0, confirm_duplicate=True) == "free_site_exists"

    # 10 May: twelve people. Every user is charged, the first nine as well; a month to try.
    await diary.on(2027, 5, 10)
    # 12 × 4,000 = 48,000, set-up 50,000: 98,000, and 9,800 VAT.
    await diary.buys(change(site, "SHARED", 12, 1), total=107_800)
    await diary.sees(
        site, users=12, monthly_fee=48_000, starts_on="2027-05-10", expires_on="2027-06-09"
    )

    # 1 June: it stays, for a year more.
    await diary.on(2027, 6, 1)
    # 12 × 4,000 × 12 = 576,000, and 57,600 VAT.
    await diary.buys(add_extend(site, months=12), total=633_600)
    await diary.sees(site, expires_on="2028-06-09")

    # 10 August, a contract month's first day: 경리회계 for nothing, and a card for ten months.
    await diary.on(2027, 8, 10)
    # 2,000 × 10 = 20,000, and 2,000 VAT.
    await diary.buys(add_extend(site, ACCOUNTING=1, CORPORATE_CARD=1), total=22_000)
    await diary.sees(site, monthly_fee=50_000)

    # 10 November: a site of its own. What was paid and is not used is taken off.
    await diary.on(2027, 11, 10)
    # 12 × 5,000 × 12 = 720,000, base 2,400,000, card 2,000 × 12 = 24,000.
    # Set-up 500,000 less the 50,000 of May: 450,000.
    # Credit: 7 of the 12 months of June's year: 576,000 × 7/12 = 336,000;
    # 7 of the 10 months of the card: 20,000 × 7/10 = 14,000. Together 350,000.
    # 3,594,000 − 350,000 = 3,244,000; prepaid −36,000: 3,208,000, and 320,800 VAT.
    wanted = change(site, "DEDICATED", 12, 12, ACCOUNTING=1, CORPORATE_CARD=1)
    # The card's order ends with its day, for a credit is worth less tomorrow.
    made = await diary.orders(wanted, total=3_528_800)
    assert made["expires_at"] == "2027-11-10T15:00:00Z"
    assert (made["amount"], made["discount"]) == (3_244_000, 36_000)
    await diary.pays(made)
    # 12 × 5,000 + 200,000 + 2,000.
    await diary.sees(
        site, plan="DEDICATED", monthly_fee=262_000, starts_on="2027-11-10", expires_on="2028-11-09"
    )
    # The same site: nobody moved.
    assert await diary.memberships() == [site]

    # 10 February, a contract month's first day: three more for nine months, 경리회계 with them.
    await diary.on(2028, 2, 10)
    # 3 × 5,000 × 9 = 135,000, and 13,500 VAT.
    await diary.buys(add_extend(site, users=3), total=148_500)
    await diary.sees(site, users=15, monthly_fee=277_000)

    # 1 March: two quotes for another office. 5 × 4,000 + 50,000 = 70,000, and 7,000 VAT.
    await diary.on(2028, 3, 1)
    small = {"type": "NEW", "plan": "SHARED", "users": 5, "months": 1}
    kept = await diary.asks_for_a_quote(small, total=77_000)
    forgotten = await diary.asks_for_a_quote(small, total=77_000)
    # 30 March: the first is ordered in time. 1 April: the second is too old.
    await diary.on(2028, 3, 30)
    branch = await diary.orders_the_quote(kept, item()["site"])
    assert branch.status_code == 201, branch.text
    await diary.pays(branch.json())
    await diary.on(2028, 4, 1)
    late = await diary.orders_the_quote(forgotten, item()["site"])
    assert (late.status_code, late.json()["code"]) == (409, "quote_expired")

    rows = await diary.downloads_the_history()
    assert [row[3] for row in rows] == ["신규", "추가", "변경", "추가", "연장", "변경", "신규"]
    assert [int(row[8]) for row in rows] == [
        *(77_000, 148_500, 3_528_800, 22_000, 633_600, 107_800, 0)
    ]
    assert rows[-1][9] == "무료"
    assert diary.paid == 4_517_700  # their sum
