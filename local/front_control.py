"""Speak to the Cognito front's control API (`/_front/`), which a test or a demonstration sets and reads."""

import json
import urllib.request
from typing import Any


class FrontControl:
    """The control API of one front. An answer other than 2xx is raised as urllib's HTTPError."""

    def __init__(self, cognito_endpoint_url: str) -> None:
        self._url = f"{cognito_endpoint_url}/_front"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Make one request with an optional JSON body and return the JSON answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}", data=data, method=method)
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def set_available(self, region: str, available: bool) -> None:
        """Take a Region's Cognito away (503 to everything), or give it back."""
        self.ask("PUT", f"regions/{region}", {"available": available})

    def calls(self, region: str, *operations: str) -> int:
        """Count the calls of these operations in a Region, since the start or since they were cleared."""
        counts = self.ask("GET", "calls").get(region, {})
        return sum(counts.get(operation, {}).get("calls", 0) for operation in operations)

    def clear_messages(self) -> None:
        """Count messages to users anew."""
        self.ask("DELETE", "messages")

    def messages(self) -> int:
        """Count the messages that Cognito would have sent to users in all Regions."""
        return sum(sum(by_operation.values()) for by_operation in self.ask("GET", "messages").values())
