"""Strict parsing of JSON bodies and of the parameters of URLs."""

import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Request
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from wallet_api.errors import InvalidRequest

# No part of a key or of a client's token, which have 16 hexadecimal digits in a row.
_NAME = re.compile(r"(?!.*[0-9a-fA-F]{16})[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
_WITHHELD = "A field (name withheld because it looks like a secret)"


class BodyParser(FlaskParser):
    """Parse JSON bodies strictly: anything but one unambiguous object is a 400 with the reason."""

    DEFAULT_VALIDATION_STATUS = 400
    # The schema of a query decides how unknown parameters are handled.
    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
    }

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the parameters of the query. A parameter that is not a list must occur once."""
        for name, values in req.args.lists():
            field = schema.fields.get(name)
            if len(values) > 1 and not isinstance(field, fields.List):
                raise InvalidRequest(f"{_quoted(name)}: give it once.")
        return super().load_querystring(req, schema)

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the members of the body. A missing body counts as an empty object."""
        raw = req.get_data()
        if not raw:
            return {}
        if not req.is_json:
            raise UnsupportedMediaType
        try:
            body = parse_json(raw)
        except ValueError as error:
            raise InvalidRequest("The request body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The request body must be a JSON object.")
        return body

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> Any:
        """Report the first invalid field and its fault."""
        messages: Any = error.messages
        # {"json": {field: [sentence, …]}}
        field, sentences = next(iter(next(iter(messages.values())).items()))
        raise InvalidRequest(f"{_quoted(field)}: {sentences[0]}") from error


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON text in UTF-8, in which no object has a member twice.

    Raises ValueError.
    """
    try:
        # json.loads() would also accept UTF-16 and UTF-32.
        return json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _quoted(field: object) -> str:
    """Quote a name, unless it could be a key or a token that was put in the wrong place."""
    name = str(field)
    return json.dumps(name) if _NAME.fullmatch(name) else _WITHHELD
