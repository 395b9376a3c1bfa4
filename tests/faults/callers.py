"""A caller of a real service that does not retry."""

import http.client
import json

from tests.running_service import Answer


class JsonCaller:
    """Sends JSON with a client's token, on a connection for each request."""

    def __init__(self, port, token):
        self._port = port
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    def post(self, path, body):
        """Return the answer, or None if the connection was lost."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body), self._headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), json.loads(response.read()))
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
