"""An agent of pydantic-ai, its model scripted: URL and {tool: arguments} in, what it was told out."""

import asyncio
import json
import sys

from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel

url, calls = sys.argv[1], json.loads(sys.argv[2])


def model(messages, info):
    """Calls every tool that it was offered, then says what it was told."""
    offered = {tool.name for tool in info.function_tools}
    if len(messages) == 1:
        assert offered == set(calls), offered
        return ModelResponse([ToolCallPart(name, arguments) for name, arguments in calls.items()])
    told = {
        part.tool_name: part.content
        for part in messages[-1].parts
        if isinstance(part, ToolReturnPart)
    }
    return ModelResponse([TextPart(json.dumps(told, default=str))])


agent = Agent(FunctionModel(model), toolsets=[MCPToolset(url)])
print(asyncio.run(agent.run("Call everything.")).output)
