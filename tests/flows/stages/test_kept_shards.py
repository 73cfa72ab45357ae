"""Shards of a folder that are kept are those that would be cut anew, and every change of table or files is seen."""

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.settings.configuration import Settings
from flows.stages import dataset as dataset_stages_module
from flows.stages import dataset_index, kept_shards
from flows.stages.dataset import cut_images, cut_vocabulary, dataset_stages
from pipeline.errors import BadDataset
from stores.artifacts import ArtifactStore
from tests.flows.fake_folder import write_fake_folder

AGE_S = 60.0


class Folder:
    """A folder of pictures of some age, its table, and two stores: one keeps shards, the other is new each time."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        write_fake_folder(folder)
        self.folder, self.pictures, self.table = folder, folder / "pictures", folder / "items.csv"
        self.links: list[str] = []
        self.age()
        self.built = 0
        real = dataset_stages_module.built_index

        def counted(stage: Stage) -> Any:
            self.built += 1
            return real(stage)

        patch.setattr(dataset_stages_module, "built_index", counted)

    def age(self, age_s: float = AGE_S) -> None:
        """Make everything as old as this."""
        moment = time.time() - age_s
        for path in (*self.folder.rglob("*"), self.folder, *(self.folder.parent / "cache").rglob("*")):
            os.utime(path, (moment, moment), follow_symlinks=False)

    def stages(self) -> tuple[Stage, Stage]:
        chosen = {"kind": "folder", "root": self.pictures, "table": self.table, "follow_links_to": self.links}
        vocabulary, images = dataset_stages(Settings.model_validate({"dataset": chosen}))
        return vocabulary, images

    def cut(self, store: str = "kept", in_new_process: bool = True) -> list[Any]:
        """Return all that shards of both stages say."""
        if in_new_process:
            dataset_index._index.cache_clear()
        vocabulary, images = self.stages()
        reader = Upstream(ArtifactStore(str(self.folder.parent / store)), {})
        return [*map(said, cut_vocabulary(reader, vocabulary)), *map(said, cut_images(reader, images))]

    def cut_anew(self) -> list[Any]:
        shutil.rmtree(self.folder.parent / "new", ignore_errors=True)
        return self.cut("new")

    def kept_files(self) -> list[Path]:
        return sorted((self.folder.parent / "kept").glob("dataset_shards-*"))


def said(shard: ShardPlan) -> Any:
    return shard.label, dict(shard.inputs), shard.items, shard.extent, dict(shard.work)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path / "own", monkeypatch)


def test_kept_shards_are_those_cut_anew_and_need_no_index(own: Folder) -> None:
    first = own.cut()
    assert len(own.kept_files()) == 1
    assert own.cut() == first == own.cut_anew()
    own.built = 0
    vocabulary, images = own.stages()
    reader = Upstream(ArtifactStore(str(own.folder.parent / "kept")), {})
    shards = [*cut_vocabulary(reader, vocabulary), *cut_images(reader, images)]
    assert [(shard.label, shard.inputs, shard.items) for shard in shards] == [line[:3] for line in first]
    assert own.built == 0
    assert [row["path"] for shard in shards[1:] for row in shard.work["rows"]]
    assert own.built == 1


def other_pixels(own: Folder) -> None:
    path = own.pictures / "test" / "red test+0.png"
    shutil.copy(own.pictures / "test" / "blue test+0.png", path)


def same_size(own: Folder) -> None:
    path = own.pictures / "test" / "red test+0.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def renamed(own: Folder) -> None:
    (own.pictures / "test" / "red test+0.png").rename(own.pictures / "test" / "red.png")
    own.table.write_text(own.table.read_text().replace("test/red test+0.png", "test/red.png"))


def row_added(own: Folder) -> None:
    shutil.copy(own.pictures / "test" / "red test+0.png", own.pictures / "test" / "more.png")
    with own.table.open("a") as file:
        file.write("more,test/more.png,test,red,red\n")


def row_removed(own: Folder) -> None:
    own.table.write_text("".join(own.table.read_text().splitlines(keepends=True)[:-1]))


def cell_of_equal_size_and_time(own: Folder) -> None:
    before = own.table.stat()
    own.table.write_text(own.table.read_text().replace("red test+0.png,test,red,red", "red test+0.png,test,red,rot"))
    os.utime(own.table, ns=(before.st_atime_ns, before.st_mtime_ns))


def link_leads_elsewhere(own: Folder) -> None:
    link = own.pictures / "test" / "linked.png"
    link.unlink()
    link.symlink_to(own.folder.parent / "cache" / "two.png")


CHANGES = [other_pixels, same_size, renamed, row_added, row_removed, cell_of_equal_size_and_time, link_leads_elsewhere]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_seen(own: Folder, change) -> None:
    cache = own.folder.parent / "cache"
    cache.mkdir()
    shutil.copy(own.pictures / "test" / "red test+1.png", cache / "one.png")
    shutil.copy(own.pictures / "test" / "red test+2.png", cache / "two.png")
    (own.pictures / "test" / "linked.png").symlink_to(cache / "one.png")
    own.links = [str(cache)]
    with own.table.open("a") as file:
        file.write("linked,test/linked.png,test,red,red\n")
    own.age()
    first = own.cut()
    assert len(own.kept_files()) == 1
    own.built = 0
    change(own)
    second = own.cut()
    assert second != first
    assert second == own.cut_anew()
    own.age(2 * AGE_S)
    assert own.cut() == second == own.cut_anew()


def file_removed(own: Folder) -> None:
    (own.pictures / "test" / "red test+0.png").unlink()


def link_cut(own: Folder) -> None:
    file_removed(own)
    (own.pictures / "test" / "red test+0.png").symlink_to("nowhere.png")


def folder_leads_out(own: Folder) -> None:
    (own.pictures / "test").rename(own.folder.parent / "elsewhere")
    (own.pictures / "test").symlink_to(own.folder.parent / "elsewhere")


def other_column(own: Folder) -> None:
    own.table.write_text(own.table.read_text().replace("label", "Label", 1))


@pytest.mark.parametrize("change", [file_removed, link_cut, folder_leads_out, other_column])
def test_what_is_refused_is_refused_whatever_is_kept(own: Folder, change) -> None:
    own.cut()
    assert len(own.kept_files()) == 1
    change(own)
    with pytest.raises(BadDataset) as kept:
        own.cut()
    with pytest.raises(BadDataset) as anew:
        own.cut_anew()
    assert str(kept.value) == str(anew.value)


def test_a_second_file_of_an_id_is_refused(own: Folder) -> None:
    for path in own.pictures.rglob("*.png"):
        path.rename(own.pictures / path.name)
    lines = [line.split(",") for line in own.table.read_text().splitlines()]
    own.table.write_text("".join(",".join([fields[0], *fields[2:]]) + "\n" for fields in lines))
    own.age()
    own.cut()
    assert len(own.kept_files()) == 1
    shutil.copy(own.pictures / "red test+0.png", own.pictures / "red test+0.jpg")
    own.age()
    with pytest.raises(BadDataset, match=r"red test\+0\.jpg and red test\+0\.png"):
        own.cut()


def test_a_folder_that_was_looked_for_counts_once_it_is_there(own: Folder) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    (own.pictures / "test").rename(own.pictures / decomposed)
    own.table.write_text(own.table.read_text().replace(",test/", f",{composed}/"))
    own.age()
    first = own.cut()
    assert len(own.kept_files()) == 1
    shutil.copytree(own.pictures / decomposed, own.pictures / composed)
    own.age()
    second = own.cut()
    assert second != first
    assert second == own.cut_anew()


@pytest.mark.parametrize("what", ["red test+0.png", "."])
def test_files_and_folders_younger_than_two_seconds_are_not_trusted(own: Folder, what: str) -> None:
    path = own.pictures / "test" / what
    moment_ns = time.time_ns()
    os.utime(path, ns=(moment_ns, moment_ns))
    own.cut()
    assert own.kept_files() == []
    os.utime(path, ns=(moment_ns - 10**11, moment_ns - 10**11))
    own.cut()
    assert len(own.kept_files()) == 1


def test_one_process_sees_files_that_come_in_any_folder(own: Folder) -> None:
    lines = [line.split(",") for line in own.table.read_text().splitlines()]
    # Without paths: an id names the file, in a folder.
    rows = [[f"{fields[2]}/{fields[0]}" if fields[0] != "image_id" else fields[0], *fields[2:]] for fields in lines]
    own.table.write_text("".join(",".join(fields) + "\n" for fields in rows))
    own.age()
    own.cut()
    shutil.copy(own.pictures / "test" / "red test+0.png", own.pictures / "test" / "red test+0.jpg")
    with pytest.raises(BadDataset, match=r"red test\+0\.jpg and red test\+0\.png"):
        own.cut(in_new_process=False)


def test_nothing_is_kept_of_an_index_that_is_older_than_a_file(own: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = time.time_ns
    with monkeypatch.context() as patch:
        patch.setattr(dataset_index, "time", SimpleNamespace(time_ns=lambda: now_ns() - int(2 * AGE_S * 10**9)))
        own.cut()
    assert own.kept_files() == []
    own.cut()
    assert len(own.kept_files()) == 1


def test_what_older_code_cut_does_not_count(own: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = own.cut()
    monkeypatch.setattr(kept_shards, "_CUTTING_CODE", ("pipeline/datasets", "flows/stages"))
    own.built = 0
    assert own.cut() == first
    assert own.built == 2


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-40], lambda data: data.replace(b"train", b"trian"), lambda _: b"{}"]
)
def test_a_damaged_file_costs_time_alone(own: Folder, damage) -> None:
    first = own.cut()
    (kept,) = own.kept_files()
    kept.write_bytes(damage(kept.read_bytes()))
    own.built = 0
    assert own.cut() == first
    assert own.built == 2


def test_two_tables_are_kept_apart(own: Folder) -> None:
    first = own.cut()
    other = own.folder / "other.csv"
    other.write_text("".join(own.table.read_text().splitlines(keepends=True)[:-1]))
    own.age()
    own.table = other
    second = own.cut()
    assert second != first
    assert len(own.kept_files()) == 2


def test_work_made_late_is_refused_where_the_images_changed_meanwhile(own: Folder) -> None:
    own.cut()
    _, images = own.stages()
    shards = cut_images(Upstream(ArtifactStore(str(own.folder.parent / "kept")), {}), images)
    other_pixels(own)
    with pytest.raises(BadDataset, match="stay as they are"):
        [dict(shard.work) for shard in shards]
