"""Kakao, Naver and Google as far as signing in goes, below /social, judged by Authlib's client.

A person picks or makes themselves on the consent page. A script posts the page's form to the
authorization URL: `action=agree&person=new&name=…&email=…&verified=on`, or `person=<subject>`, or
`action=decline`.
"""

from fastapi import APIRouter

from sandbox.social import google, kakao, naver
from sandbox.social.flow import SocialWorld
from sandbox.social.state import SocialState

__all__ = ["SocialState", "build_router"]


def build_router(world: SocialWorld) -> APIRouter:
    """Everything below /social."""
    router = APIRouter(prefix="/social", include_in_schema=False)
    for provider in (kakao, naver, google):
        router.include_router(provider.build_router(world))
    return router
