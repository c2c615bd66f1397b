"""`devmesh eval`: measure understanding, similarity and answers on judged questions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from server.command import run_command

eval_app = typer.Typer(help="Measure on judged questions.", no_args_is_help=True)

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


@eval_app.command()
def answers(
    as_json: Json = False,
    write: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the scoreboard to this file.")
    ] = None,
) -> None:
    """How true answers are, on a scripted week in a database made for it."""

    async def work(settings: Any) -> None:
        from server.eval_answers_run import run

        result, page = await run(settings)
        if write is not None:
            write.write_text(page, encoding="utf-8")
        _print(result, as_json)

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
        if "want" not in miss:
            screen.say(f"  {one_line('; '.join(miss['missed']), 300)}", "dim")
            continue
        screen.say(f"  want {miss['want']['tool']} {miss['want']['args']}", "dim")
        screen.say(f"  got  {one_line(str(miss['got']), 300)}", "dim")
    for name, value in result.items():
        screen.say(f"{name:14} {value}")
