"""Search for the sets of groups of least loss, at every size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

__all__ = ["LossTable", "few_sets", "flipped", "search_sizes", "walk"]

EXHAUSTIVE_GROUPS, EXHAUSTIVE_SECONDS = 16, 20.0  # the most
EXCHANGE_SECONDS = 20.0  # the most for exchanges, which go from small sets to large ones
SINGLE_GROUPS = 200  # beyond so many, groups are removed and added in portions of
PORTION = 0.1  # of the groups that are left
LOOKED_AT = 40  # candidates of a removal or an addition, of those that were best before
SWAPS = 5  # groups that an exchange takes out and puts in, at most
TOLERANCE = 1e-4  # gain in loss below which no exchange is made


class LossTable:
    """Losses of the sets that were looked at, each computed once.

    Parameters
    ----------
    loss : callable
        (n_sets, n_groups) of bool -> losses.
    """

    def __init__(self, loss: Callable[[np.ndarray], np.ndarray]) -> None:
        self.loss = loss
        self.known: dict[bytes, float] = {}

    def __call__(self, sets: np.ndarray) -> np.ndarray:
        keys = [chosen.tobytes() for chosen in sets]
        new = {key: i for i, key in enumerate(keys) if key not in self.known}
        if new:
            self.known.update(zip(new, self.loss(sets[list(new.values())]), strict=True))
        return np.array([self.known[key] for key in keys])

    @property
    def sets(self) -> np.ndarray:
        """All of them, (n_sets, n_groups)."""
        return np.array([np.frombuffer(key, dtype=bool) for key in self.known])

    @property
    def losses(self) -> np.ndarray:
        return np.array([*self.known.values()])


def search_sizes(
    table: LossTable, always: np.ndarray, seconds: float, progress: Callable[[float], None],
    *, exchange: bool,
) -> None:  # fmt: skip
    """Look at sets of every size: all of them where they are few, else the most promising.

    Otherwise groups are removed one after the other from all, and added one after the other to
    none, each time the one after which the loss is least; at each size the better set is improved
    by exchanges.

    Parameters
    ----------
    always : ndarray of bool of shape (n_groups,)
        Groups of every set.
    seconds : float
        For one loss, roughly.
    """
    if few_sets(always, seconds):
        for share, sets in all_sets(always):
            table(sets)
            progress(share)
        return
    best: dict[int, np.ndarray] = {}
    for down, start, done in ((True, np.ones_like(always), 0.0), (False, always, 0.4)):
        for chosen in walk(table, start, always, down=down):
            size = int(chosen.sum())
            if size not in best or table(chosen[None]) < table(best[size][None]):
                best[size] = chosen
            left = size if down else len(always) - size
            progress(done + 0.4 * (1 - left / len(always)))
    most = len(table.known) + EXCHANGE_SECONDS / seconds
    for at, size in enumerate(sorted(best) if exchange else ()):
        if len(table.known) > most:
            break
        exchanged(table, best[size], always)
        progress(0.8 + 0.2 * (at + 1) / len(best))


def few_sets(always: np.ndarray, seconds: float) -> bool:
    """Whether all sets are looked at, if one takes so long."""
    free = int((~always).sum())
    return free <= EXHAUSTIVE_GROUPS and 2**free * seconds <= EXHAUSTIVE_SECONDS


def all_sets(always: np.ndarray, portion: int = 256) -> Iterator[tuple[float, np.ndarray]]:
    """Every set, each but one group from the one before (a Gray code), in portions."""
    free = np.flatnonzero(~always)
    n = 2 ** len(free)
    for start in range(0, n, portion):
        numbers = np.arange(start, min(start + portion, n))
        gray = numbers ^ (numbers >> 1)
        sets = np.repeat(always[None], len(numbers), axis=0)
        sets[:, free] = gray[:, None] >> np.arange(len(free)) & 1
        yield (start + len(numbers)) / n, sets


def walk(
    table: LossTable, chosen: np.ndarray, always: np.ndarray, *, down: bool,
    share: float = PORTION, above: int = SINGLE_GROUPS,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Sets by removing groups, or adding them, from this one on: a share of them at once `above`.

    The effect of each group is measured again for those that were best before, so that a walk over
    many groups does not cost the square of their number.
    """
    chosen, effects = chosen.copy(), np.full(len(chosen), -np.inf)
    yield chosen.copy()
    while (movable := np.flatnonzero((chosen if down else ~chosen) & ~always)).size:
        size = int(chosen.sum())
        portion = 1
        if size > above:
            portion = max(1, min(int(share * size), size - above if down else len(chosen)))
        ranked = movable[np.argsort(effects[movable], kind="stable")]
        unknown = int(np.isneginf(effects[movable]).sum())
        looked_at = ranked[: max(LOOKED_AT, 2 * portion, unknown)]
        effects[looked_at] = table(flipped(chosen, looked_at[:, None])) - table(chosen[None])
        chosen[looked_at[np.argsort(effects[looked_at], kind="stable")][:portion]] ^= True
        yield chosen.copy()


def exchanged(table: LossTable, chosen: np.ndarray, always: np.ndarray) -> np.ndarray:
    """The set after exchanges of one group in it for one outside, as long as the loss falls.

    Those are tried whose removal costs least, and whose addition gains most.
    """
    while True:
        loss = table(chosen[None])[0]
        outs, ins = (
            of[np.argsort(table(flipped(chosen, of[:, None])), kind="stable")][:SWAPS]
            for of in (np.flatnonzero(chosen & ~always), np.flatnonzero(~chosen))
        )
        pairs = np.array([(i, j) for i in outs for j in ins], dtype=np.int64).reshape(-1, 2)
        if not len(pairs):
            return chosen
        swapped = flipped(chosen, pairs)
        losses = table(swapped)
        if losses.min() > loss - TOLERANCE * abs(loss):
            return chosen
        chosen = swapped[losses.argmin()]


def flipped(chosen: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The set with these groups taken out or put in, one set for each row of (n, n_flips)."""
    sets = np.repeat(chosen[None], len(groups), axis=0)
    sets[np.arange(len(groups))[:, None], groups] ^= True
    return sets
