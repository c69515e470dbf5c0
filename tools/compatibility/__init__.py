"""What one contract breaks of another, for clients that were built on the older one.

No maintained package compares OpenAPI 3.1 documents: the rules are those of
docs/compatibility.md, each shown by a test.
"""
