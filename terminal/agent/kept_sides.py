"""Which spools keep the next document: by its person, by the rules of the terminal, and by what each side can take."""

from __future__ import annotations

import asyncio

from passbook.document.documents import parse_document
from passbook.protocol.document_rules import fill_choice
from passbook.protocol.messages import SubmitJob
from terminal.agent.agent_settings import AgentConfig


class KeptSides:
    """Decides about each new document; lives in the event loop."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config

    async def chosen(self, request: SubmitJob, document: bytes) -> SubmitJob:
        """The request with its whole choice: of the person, of a rule, or the default.

        Raises PassbookError `choice-not-possible`, and where a rule needs the form of a document that cannot be read.
        """
        rules = self._config.rules
        form = request.layout
        if not form and any(rule.form for rule in rules):
            form = (await asyncio.to_thread(parse_document, request.format, document, 1)).layout
        return fill_choice(request, form, rules, self._config.choice)
