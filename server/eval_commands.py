"""`devmesh eval`: measure understanding and similarity on files of judged questions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from server.command import run_command

eval_app = typer.Typer(help="Measure on files of judged questions.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Questions, JSON lines.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@eval_app.command()
def calls(
    file: File,
    catalog: Annotated[Path, typer.Option(exists=True, help="Its now, services, hosts, metrics.")],
    as_json: Json = False,
) -> None:
    """How often a question becomes the right call."""

    async def work(settings: Any) -> None:
        from server.asking import agent_for
        from server.eval_calls import Situation, evaluate_calls

        async with agent_for(settings) as agent:
            _print(await evaluate_calls(agent, file, Situation.read(catalog)), as_json)

    run_command(work)


@eval_app.command()
def similar(
    file: File,
    loghub: Annotated[Path, typer.Option(exists=True, help="Folder of the Loghub samples.")],
    as_json: Json = False,
) -> None:
    """How well likenesses are found, in a database made for it."""

    async def work(settings: Any) -> None:
        from server.app import home
        from server.eval_similar import evaluate_similar, load_loghub
        from server.show import Screen

        screen = Screen()
        scratch = settings.model_copy(update={"state_dir": settings.state_dir / "eval"})
        async with home(scratch) as parts:
            with screen.progress("loading lines") as report:
                templates = await load_loghub(loghub, await parts.deps(), report)
            with screen.progress("embedding patterns") as report:
                await parts.catch_up(report)
            found = await evaluate_similar(file, parts.index, parts.store, templates)
        _print(found, as_json)

    run_command(work)


def _print(result: dict[str, Any], as_json: bool) -> None:
    from server.show import Screen
    from tools.plain import one_line

    screen = Screen()
    if as_json:
        screen.json(result)
        return
    for miss in result.pop("misses", ()):
        screen.say(f"missed: {one_line(miss['q'], 200)}")
        screen.say(f"  want {miss['want']['tool']} {miss['want']['args']}", "dim")
        screen.say(f"  got  {one_line(str(miss['got']), 300)}", "dim")
    for name, value in result.items():
        screen.say(f"{name:14} {value}")
