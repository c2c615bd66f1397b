"""An agent of pydantic-ai: URL and {tool: arguments} in, what its model was told out."""

import asyncio
import json
import sys

from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.test import TestModel

url, calls = sys.argv[1], json.loads(sys.argv[2])


def scripted(messages, info):
    """Calls every tool with the arguments given, then says what it was told."""
    if len(messages) == 1:
        return ModelResponse([ToolCallPart(name, arguments) for name, arguments in calls.items()])
    told = {
        part.tool_name: part.content
        for part in messages[-1].parts
        if isinstance(part, ToolReturnPart)
    }
    return ModelResponse([TextPart(json.dumps(told, default=str))])


async def main():
    """First every tool that is listed, with arguments made from its schema; then as scripted."""
    agent = Agent(toolsets=[MCPToolset(url)])
    made = await agent.run("Call everything.", model=TestModel())
    assert set(json.loads(made.output)) == set(calls), made.output
    print((await agent.run("Call everything.", model=FunctionModel(scripted))).output)


asyncio.run(main())
