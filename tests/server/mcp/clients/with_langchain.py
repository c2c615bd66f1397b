"""LangChain's adapters, on an old SDK: URL and {tool: arguments} in, what it was told out."""

import asyncio
import json
import sys

from langchain_mcp_adapters.client import MultiServerMCPClient

url, calls = sys.argv[1], json.loads(sys.argv[2])


async def main():
    """Lists the tools and calls each."""
    client = MultiServerMCPClient({"devmesh": {"url": url, "transport": "streamable_http"}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    assert set(tools) == set(calls), set(tools)
    told = {name: await tools[name].ainvoke(arguments) for name, arguments in calls.items()}
    print(json.dumps(told, default=str))


asyncio.run(main())
