"""What is said to a language model and what it says: the shapes that drafters, judges and the wire share."""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from pydantic import Field

from cleanroom.contracts.manifest import Frozen

LONGEST_TEXT = 20_000  # characters of one message or answer


class ChatMessage(Frozen):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Field(max_length=LONGEST_TEXT)]


class ToolCall(Frozen):
    """A tool that the model asked for. Nothing here ever carries one out."""

    name: Annotated[str, Field(max_length=200)]
    arguments: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""


class ChatReply(Frozen):
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
    tool_calls: Annotated[tuple[ToolCall, ...], Field(max_length=50)] = ()


class ChatModel(Protocol):
    """Anything that answers a conversation.

    `name` stands in transcripts and in the release. `reply` raises ModelFault where no answer came in time, and
    SettingsInvalid where the endpoint refuses the key or does not know the model.
    """

    @property
    def name(self) -> str: ...

    def reply(self, messages: Sequence[ChatMessage], *, tools: Sequence[str] = ()) -> ChatReply:
        """`tools`: names of tools that are offered as bait; asking for one is recorded, never carried out."""
        ...
