"""From runs to claims: medians, spreads, ratios taken within each run, and whether a target is met."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from tests.bench.cells import CLAIMS, DISK, LOGINS, P99, PER_CPU, PRICE, RATE, SYNC, Claim, Figures, figure_of

Runs = Mapping[tuple[str, str], Sequence[Figures]]
"""The runs of each cell and contender, in their order: those with the same place were made one after the other."""


class Verdict(NamedTuple):
    """One row of the table.

    Attributes:
        ours, theirs: medians; None where there is nothing to hold it against.
        ratios: of each run; the figure itself where there is nothing to hold it against.
        cpu_ratio: the median of the same by the server's processor time; None where that says nothing.
        is_generator_bound: whether the generator was too busy for the ratio to say all.
    """

    claim: Claim
    ours: float
    theirs: float | None
    ratios: list[float]
    cpu_ratio: float | None
    is_generator_bound: bool

    @property
    def is_met(self) -> bool:
        """Whether the target is met, by processor time where the generator was the limit."""
        got = median(self.ratios)
        if self.is_generator_bound and self.cpu_ratio is not None:
            got = self.cpu_ratio
        return got >= self.claim.target if self.claim.is_floor else got <= self.claim.target


def verdicts(runs: Runs) -> list[Verdict]:
    """Return a row for each claim that was measured."""
    found = (_verdict(claim, runs) for claim in CLAIMS)
    return [verdict for verdict in found if verdict is not None]


def _verdict(claim: Claim, runs: Runs) -> Verdict | None:
    ours = runs.get((claim.cell, claim.contender), ())
    if not ours:
        return None
    is_bound = any(run["generator_is_bottleneck"] for run in ours)
    figures = [figure_of(run, claim.figure) for run in ours]
    if claim.against is None:
        return Verdict(claim, median(figures), None, figures, None, is_bound)
    theirs = runs.get((claim.against_cell or claim.cell, claim.against), ())
    if not theirs:
        return None
    is_bound = is_bound or any(run["generator_is_bottleneck"] for run in theirs)
    bounds = [figure_of(run, claim.figure) for run in theirs]
    if claim.plus_disk:
        syncs = runs.get((claim.cell, DISK), ())
        extra = (claim.plus_disk * figure_of(run, SYNC) / claim.target for run in syncs)
        bounds = [bound + more for bound, more in zip(bounds, extra, strict=False)]
    ratios = [mine / other for mine, other in zip(figures, bounds, strict=False)]
    cpu_ratio = _cpu_ratio(ours, theirs) if claim.figure == RATE else None
    return Verdict(claim, median(figures), median(bounds), ratios, cpu_ratio, is_bound and claim.figure == RATE)


def _cpu_ratio(ours: Sequence[Figures], theirs: Sequence[Figures]) -> float | None:
    pairs = [(one.get(PER_CPU, 0), other.get(PER_CPU, 0)) for one, other in zip(ours, theirs, strict=False)]
    ratios = [one / other for one, other in pairs if one and other]
    return median(ratios) if ratios else None


def table(rows: Sequence[Verdict]) -> str:
    """Return the rows in Markdown."""
    lines = [
        "| work | ours | held against | ratio, median (least to most) | by processor time | target | |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(verdict) for verdict in rows)])


def _row(verdict: Verdict) -> str:
    claim, ratios = verdict.claim, verdict.ratios
    show = SHOWN.get(claim.figure, _count)
    who = "" if claim.contender == "us" else claim.contender.removeprefix("us, ") + ": "
    sign = "≥" if claim.is_floor else "≤"
    met = ("✓" if verdict.is_met else "✗") + (" *" if verdict.is_generator_bound else "")
    if verdict.theirs is None:
        spread = f"{show(median(ratios))} ({show(min(ratios))} to {show(max(ratios))})"
        return f"| {claim.work} | {who}{show(verdict.ours)} | | {spread} | | {sign} {show(claim.target)} | {met} |"
    other = claim.against if claim.against_cell is None else "ours"
    spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    by_cpu = "" if verdict.cpu_ratio is None else f"{verdict.cpu_ratio:.2f}"
    theirs = f"{other}{' + disk' if claim.plus_disk else ''} {show(verdict.theirs)}"
    ours = f"{who}{show(verdict.ours)}"
    return f"| {claim.work} | {ours} | {theirs} | {spread} | {by_cpu} | {sign} {claim.target:g} | {met} |"


def _count(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.3g} M/s"
    return f"{value / 1e3:.3g} k/s" if value >= 1e3 else f"{value:.3g}/s"


def _time(us: float) -> str:
    return f"{us / 1e3:.3g} ms" if us >= 1_000 else f"{us:.0f} µs"


SHOWN: dict[str, Callable[[Any], str]] = {
    P99: _time,
    PER_CPU: lambda value: f"{value / 1e6:.3g} M a CPU second",
    PRICE: lambda value: f"{value:.1f} µs",
    LOGINS: lambda value: f"{value:,.0f}/s",
    "rss_bytes_per_connection": lambda value: f"{value / 1_024:.2f} KiB",
    "server_cpu_share": lambda value: f"{value:.1%}",
}
