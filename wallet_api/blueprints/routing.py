"""A blueprint whose bodies are read by our own parser."""

from flask_smorest import Blueprint as SmorestBlueprint

from wallet_api.blueprints.requests import BodyParser


class Blueprint(SmorestBlueprint):
    """A flask-smorest blueprint that reads JSON strictly."""

    ARGUMENTS_PARSER = BodyParser()
