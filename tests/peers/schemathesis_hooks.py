"""What OpenAPI cannot say about our requests, told to schemathesis. No check is switched off here."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """`"faults": "outcome"` asks for faults as 200: then a status says nothing about a request.

    OpenAPI cannot make the status of a reply depend on a field of the request. So in requests that are meant to
    be refused the field is left out, and everything else that is wrong with them stays. Requests that are meant
    to be taken keep it.
    """
    body = case.body
    # `str.strip` as the handler does: blanks around the word are forgiven.
    meant = isinstance(body, dict) and isinstance(body.get("faults"), str) and body["faults"].strip() == "outcome"
    # `meta` is missing where a case was not generated; `mode` of its body says what it is meant to be.
    if meant and case.meta is not None and case.meta.generation.mode.is_negative:
        del body["faults"]
