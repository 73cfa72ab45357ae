"""Leases: who works on a stage just now, so that a second run waits instead of doing the same work.

    <root>/leases/<stage instance>--<16 digits of the fingerprint>.json

A lease is advice. Where one is lost, stolen or taken twice, two runs do the same work and the first commit of each
shard wins, as it would without leases. Collecting garbage reads them too: what a live lease covers is being read.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from stores.errors import CorruptArtifact, MissingArtifact, StoreError
from stores.liveness import BEAT_S, EXPIRY_S, SIGN_FIELDS, Heartbeat, SignOfLife
from stores.location import Location
from stores.manifests import created_now
from stores.record_fields import Instant, PlainName
from stores.records import decode_side_record, encode_record

LEASES = "leases"


@dataclass(frozen=True)
class Lease:
    """A run's word that it works on a stage.

    Attributes:
        run_id: the run that holds it.
        stage: stage instance.
        fingerprint: of the result it works towards.
        covers: stage instance to fingerprint of every result that the run reads or has made.
        started: when it was taken.
        sign: the process that holds it, and its last heartbeat.
    """

    run_id: str
    stage: str
    fingerprint: str
    covers: dict[str, str]
    started: str
    sign: SignOfLife

    def is_over(self) -> bool:
        """Return whether nobody has to respect it: its process is gone, or has been silent for too long."""
        return self.sign.is_over()

    def is_of_same_holder(self, other: "Lease") -> bool:
        """Return whether both were taken by the same process for the same run."""
        return (self.run_id, self.sign.process) == (other.run_id, other.sign.process)

    def to_json(self) -> bytes:
        """Return the content of the lease's file."""
        fields = {**dataclasses.asdict(self), **dataclasses.asdict(self.sign)}
        del fields["sign"]
        return encode_record(fields)

    @classmethod
    def from_json(cls, data: bytes, where: str) -> "Lease":
        """Return the lease that `to_json` wrote; `where` names the file in messages.

        Raises:
            StoreError: when a newer version of this program wrote it.
            CorruptArtifact: when it is damaged.
        """
        own = {
            "run_id": str,
            "stage": PlainName,
            "fingerprint": PlainName,
            "covers": dict[PlainName, PlainName],
            "started": Instant,
        }
        fields = decode_side_record(data, where, {**own, **SIGN_FIELDS})
        return cls(**{name: fields[name] for name in own}, sign=SignOfLife.from_fields(fields))


class HeldLease:
    """A lease that this run holds; a context manager that gives it back.

    While held, a thread renews its heartbeat. A heartbeat that finds the file gone or another's ends: the lease was
    taken over because this process seemed dead, and both go on harmlessly.

    Attributes:
        lease: as it was taken.
        joined: whether another part of the same run holds it; then neither renewed nor given back here.
    """

    def __init__(self, place: Location, lease: Lease, joined: bool, beat_s: float) -> None:
        self.lease = lease
        self.joined = joined
        self._place = place
        self._heart = None if joined else Heartbeat(self._beat, beat_s)

    def release(self) -> None:
        """Give the lease back; nothing happens when it is another's by now, or the place cannot be written."""
        if self._heart is None:
            return
        self._heart.stop()
        self._heart = None
        try:
            if self._is_mine():
                self._place.remove_tree()
        except StoreError:
            return  # it expires by itself

    def __enter__(self) -> "HeldLease":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _beat(self) -> bool:
        try:
            if not self._is_mine():
                return False
            sign = SignOfLife.of_this_process(self.lease.sign.expiry_s)
            self._place.replace_bytes(dataclasses.replace(self.lease, sign=sign).to_json())
        except StoreError:
            return True  # the place may be back at the next beat; if not, the lease expires
        return True

    def _is_mine(self) -> bool:
        found = _read(self._place)
        return found is not None and found.is_of_same_holder(self.lease)


def acquire(
    root: Location,
    run_id: str,
    stage: str,
    fingerprint: str,
    covers: Mapping[str, str],
    expiry_s: float = EXPIRY_S,
    beat_s: float = BEAT_S,
) -> HeldLease | Lease:
    """Return the lease of a stage, held; or, while another run holds it, that run's lease.

    A lease that is over is taken at once. One of the same run is joined. Of two runs that find a lease over in the
    same instant both may believe to hold it.

    Args:
        root: of the store.
        run_id: the run that asks.
        stage: stage instance.
        fingerprint: of the result to work towards.
        covers: stage instance to fingerprint of the results that the run reads.
        expiry_s: seconds without a heartbeat after which others may take it.
        beat_s: seconds between heartbeats.

    Raises:
        ReadOnlyStore: when the place cannot be written.
        StoreError: when a newer version of this program holds it.
    """
    place = lease_file(root, stage, fingerprint)
    sign = SignOfLife.of_this_process(float(expiry_s))
    mine = Lease(run_id, stage, fingerprint, dict(covers), created_now(), sign)
    while not place.create_bytes(mine.to_json()):
        try:
            found = _read(place)
        except CorruptArtifact:
            place.remove_tree()
            continue
        if found is None:
            continue  # given back just now
        if found.is_over():
            place.replace_bytes(mine.to_json())
            break
        if found.run_id == run_id:
            return HeldLease(place, found, joined=True, beat_s=beat_s)
        return found
    return HeldLease(place, mine, joined=False, beat_s=beat_s)


def live_leases(root: Location) -> list[Lease]:
    """Return the leases that are not over, by file name.

    Raises:
        StoreError: when one is damaged or of a newer version: what it covers is not known.
    """
    folder = root.child(LEASES)
    found = (_read(folder.child(name)) for name in folder.list_names() if name.endswith(".json"))
    return [lease for lease in found if lease is not None and not lease.is_over()]


def lease_file(root: Location, stage: str, fingerprint: str) -> Location:
    """Return the file of a lease, which need not exist."""
    return root.child(LEASES, f"{stage}--{fingerprint[:16]}.json")


def _read(place: Location) -> Lease | None:
    try:
        return Lease.from_json(place.read_bytes(), place.url)
    except MissingArtifact:
        return None
