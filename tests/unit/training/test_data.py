"""Folders, LMDBs, packing, ratio buckets, and batches as a pure function of their index."""

import io
import logging
import pickle
from pathlib import Path

import lmdb
import numpy as np
import pytest
import torch
from PIL import Image
from training_runs import WORDS, write_folder, write_word

from mdocr.errors import InputError, UsageError
from mdocr.inputs.labelled import FolderCollection, LmdbCollection, open_collection
from mdocr.models.charset import ENGLISH, Charset
from mdocr.preprocessing.mdiff4str import BUCKETS
from mdocr.training.batches import WordBatches, prefetched
from mdocr.training.config import DataConfig, SourceConfig
from mdocr.training.recognizer.augmentation import rand_augment
from mdocr.training.recognizer.packing import pack_folder
from mdocr.training.recognizer.sources import (
    CollectionSource,
    Labels,
    SynthesisSource,
    open_source,
)

CHARSET = Charset(ENGLISH)
LABELS = Labels(CHARSET, 8)


def write_lmdb(folder: Path, samples: list[tuple[bytes, str]], **more: bytes) -> Path:
    """An LMDB as the field's collections are, without ``wh``."""
    opened = lmdb.open(str(folder), map_size=1 << 22)
    with opened as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(len(samples)).encode())
        for number, (image, label) in enumerate(samples, start=1):
            transaction.put(f"image-{number:09d}".encode(), image)
            transaction.put(f"label-{number:09d}".encode(), label.encode())
        for key, value in more.items():
            transaction.put(key.replace("_", "-").encode(), value)
    return folder


def png(width: int, height: int, colour: str = "white") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def make_batches(source, steps: int = 10, batch_size: int = 4, **place: int) -> WordBatches:
    return WordBatches(
        [(source, 1.0)],
        CHARSET,
        max_length=8,
        batch_size=batch_size,
        steps=steps,
        seed=0,
        **place,
    )


def test_a_folder(tmp_path):
    collection = open_collection("folder", write_folder(tmp_path / "words"))
    assert len(collection) == len(WORDS)
    assert collection.text(3) == WORDS[3]
    assert collection.picture(3).size == collection.size(3)


def test_a_folder_with_texts_of_many_kinds(tmp_path):
    write_word(tmp_path / "a.png", "x")
    text = "\ufeffa.png\ttab\tin it\r\na.png\tline\u2028end\n\na.png\t\n"  # as some editors begin
    (tmp_path / "labels.tsv").write_bytes(text.encode())
    collection = FolderCollection(tmp_path)
    assert [text for _, text in collection.rows] == ["tab\tin it", "line\u2028end", ""]
    assert collection.picture(0).size == collection.picture(1).size


def test_a_folder_that_cannot_be_used(tmp_path):
    with pytest.raises(InputError, match=r"labels\.tsv: No such file"):
        open_collection("folder", tmp_path)
    (tmp_path / "labels.tsv").write_text("a.png\tb\nc.png d\n")
    with pytest.raises(InputError, match="line 2: there is no tab"):
        open_collection("folder", tmp_path)
    (tmp_path / "labels.tsv").write_bytes(b"a\t\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        open_collection("folder", tmp_path)
    (tmp_path / "labels.tsv").write_text("")
    with pytest.raises(InputError, match="holds no labelled pictures"):
        open_collection("folder", tmp_path)
    with pytest.raises(UsageError, match="unknown kind"):
        open_collection("web", tmp_path)


def test_turned_pictures_have_the_size_of_upright_ones(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 60)).save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "labels.tsv").write_text("turned.jpg\tabc\n")
    collection = open_collection("folder", tmp_path)
    assert collection.size(0) == collection.picture(0).size == (60, 20)


def test_an_lmdb_counts_from_one(tmp_path):
    folder = write_lmdb(tmp_path / "data", [(png(30, 10), "one"), (png(10, 10), "zwö")])
    collection = open_collection("lmdb", folder)
    assert len(collection) == 2
    assert [collection.text(n) for n in range(2)] == ["one", "zwö"]
    assert [collection.size(n) for n in range(2)] == [(30, 10), (10, 10)]
    assert collection.picture(1).size == (10, 10)
    other = open_collection("lmdb", folder)  # LMDB itself refuses a second opening
    assert other.text(0) == "one"


def test_an_lmdb_tells_sizes_without_pictures(tmp_path):
    samples = [(b"no picture", "x")]
    folder = write_lmdb(tmp_path / "data", samples, wh_000000001=b"320_100")
    assert open_collection("lmdb", folder).size(0) == (320, 100)


def test_an_lmdb_goes_to_other_processes_without_its_files(tmp_path):
    collection = LmdbCollection(write_lmdb(tmp_path / "data", [(png(30, 10), "one")]))
    assert len(collection) == 1
    assert pickle.loads(pickle.dumps(collection)).text(0) == "one"


def test_lmdbs_below_a_folder_are_one(tmp_path):
    write_lmdb(tmp_path / "a", [(png(30, 10), "one"), (png(20, 10), "two")])
    write_lmdb(tmp_path / "b", [(png(10, 10), "three")])
    collection = open_collection("", tmp_path)
    assert [collection.text(n) for n in range(len(collection))] == ["one", "two", "three"]
    assert [collection.size(n)[0] for n in range(3)] == [30, 20, 10]
    assert collection.picture(2).size == (10, 10)


def test_an_lmdb_that_is_none_or_not_complete(tmp_path):
    with pytest.raises(InputError, match="there is no LMDB"):
        open_collection("lmdb", tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/data.mdb").write_bytes(b"nothing" * 2000)
    with pytest.raises(InputError, match="cannot open the LMDB"):
        open_collection("lmdb", tmp_path / "bad")
    folder = write_lmdb(tmp_path / "short", [(b"broken", "x")], num_samples=b"2")
    collection = open_collection("lmdb", folder)
    with pytest.raises(InputError, match="has no key label-000000002"):
        collection.text(1)
    with pytest.raises(InputError, match=r"image-000000001 of .*short"):
        collection.picture(0)


def test_packing_gives_back_what_was_there(tmp_path):
    folder = write_folder(tmp_path / "words")
    target = tmp_path / "deep/packed"
    packed = pack_folder(folder, target)
    assert (packed.count, packed.failures) == (len(WORDS), ())
    before, after = open_collection("folder", folder), open_collection("", target)
    assert len(after) == len(WORDS)
    for number in range(len(WORDS)):
        assert after.text(number) == before.text(number)
        assert after.size(number) == before.size(number)
        assert after.picture(number).tobytes() == before.picture(number).tobytes()
    with after._environment.begin() as reading:
        assert reading.get(b"wh-000000001") == b"%d_%d" % before.size(0)
        assert reading.get(b"image-000000000") is None
    assert sorted(path.name for path in target.parent.iterdir()) == ["packed"]


def test_packing_leaves_out_and_names_what_cannot_be_read(tmp_path):
    folder = write_folder(tmp_path / "words")
    whole = (folder / "3.png").read_bytes()
    (folder / "3.png").write_bytes(whole[: len(whole) // 2])
    (folder / "5.png").unlink()
    packed = pack_folder(folder, tmp_path / "packed")
    assert packed.count == len(WORDS) - 2
    messages = [failure.message for failure in packed.failures]
    assert "3.png" in messages[0]
    assert "5.png" in messages[1]
    kept = [word for number, word in enumerate(WORDS) if number not in (3, 5)]
    collection = open_collection("lmdb", tmp_path / "packed")
    assert [collection.text(n) for n in range(len(collection))] == kept


def test_packing_is_whole_or_not_at_all(tmp_path):
    folder = write_folder(tmp_path / "words")
    for number in range(len(WORDS)):
        (folder / f"{number}.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"0\.png"):
        pack_folder(folder, tmp_path / "packed")
    assert [path.name for path in tmp_path.iterdir()] == ["words"]
    with pytest.raises(UsageError, match="exists"):
        pack_folder(folder, folder)


def test_packing_more_than_one_transaction(tmp_path, monkeypatch):
    monkeypatch.setattr("mdocr.training.recognizer.packing.TOGETHER", 5)
    folder = write_folder(tmp_path / "words")
    assert pack_folder(folder, tmp_path / "packed").count == len(WORDS)
    assert open_collection("lmdb", tmp_path / "packed").text(11) == WORDS[11]


def test_what_a_model_can_learn_to_write():
    for text in ("abcdefgh", "ab cd ef gh", "naïve", "abcdïëefgh"):
        assert LABELS.learnable(text)
    for text in ("abcdefghi", "", "  ", "ïë"):
        assert not LABELS.learnable(text)
    assert LABELS.is_whole("ab cd") and not LABELS.is_whole("naïve")


def test_batches_are_of_one_ratio_and_hold_every_picture_once_an_epoch(tmp_path):
    source = CollectionSource(open_collection("", write_folder(tmp_path / "w")), LABELS, 2, seed=1)
    epochs = []
    for epoch in range(2):
        texts = []
        for place in range(source.batches_per_epoch):
            index = epoch * source.batches_per_epoch + place
            samples = source.samples(index, range(2), 0.0)
            texts.append(tuple(text for _, text in samples))
            shapes = {
                min(max(round(picture.width / picture.height), 1), 4) for picture, _ in samples
            }
            assert len(shapes) == 1
        assert {text for batch in texts for text in batch} == set(WORDS)
        epochs.append(texts)
    assert epochs[0] != epochs[1]


def test_a_batch_is_a_function_of_its_index(tmp_path):
    def fresh() -> WordBatches:
        collection = open_collection("", write_folder_once(tmp_path))
        return make_batches(CollectionSource(collection, LABELS, 4, 1, rand_augment))

    def write_folder_once(folder: Path) -> Path:
        return folder / "w" if (folder / "w").exists() else write_folder(folder / "w")

    forward, backward = fresh(), fresh()
    there = [forward[index] for index in range(10)]
    back = [backward[index] for index in reversed(range(10))][::-1]
    for one, other in zip(there, back, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.words.labels, other.words.labels)
        assert one.images.shape[2:] in {(height, width) for width, height in BUCKETS.values()}


def test_two_processes_share_a_batch(tmp_path):
    collection = open_collection("", write_folder(tmp_path / "w"))
    source = CollectionSource(collection, LABELS, 4, 1, rand_augment)
    whole = make_batches(source)[3]
    parts = [make_batches(source, batch_size=2, rank=rank, world=2)[3] for rank in range(2)]
    assert torch.equal(torch.cat([part.images for part in parts]), whole.images)
    assert torch.equal(torch.cat([part.words.labels for part in parts]), whole.words.labels)


def test_workers_give_the_same_batches_from_the_middle(tmp_path):
    collection = open_collection("lmdb", _packed(tmp_path))
    batches = make_batches(CollectionSource(collection, LABELS, 4, 1, rand_augment), steps=6)
    alone, helped = (prefetched(batches, 3, len(batches), workers) for workers in (0, 1))
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one.images, other.images)


def _packed(folder: Path) -> Path:
    pack_folder(write_folder(folder / "w"), folder / "packed")
    return folder / "packed"


def test_labels_end_with_eos_and_padding(tmp_path):
    source = CollectionSource(open_collection("", write_folder(tmp_path / "w")), LABELS, 4, 1)
    words = make_batches(source)[0].words
    for row, length in zip(words.labels.tolist(), words.lengths.tolist(), strict=True):
        assert CHARSET.decode(row) in WORDS
        assert row[length - 1] == CHARSET.eos_id
        assert set(row[length:]) <= {CHARSET.pad_id}


def test_what_cannot_be_learned_is_left_out_and_told(tmp_path, caplog):
    folder = write_folder(tmp_path / "w", ("good", "muchtoolong", "naïve", "fine", "bad", "中"))
    (folder / "4.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING, "mdocr.training"):
        source = CollectionSource(open_collection("", folder), LABELS, 2, 1)
    assert "2 images are skipped: the model cannot write" in caplog.text
    assert "1 images are skipped: they cannot be read" in caplog.text
    assert "1 labels lose characters that are not in the charset, first 'naïve'" in caplog.text
    assert "4.png" in caplog.text
    seen = {text for index in range(8) for _, text in source.samples(index, range(2), 0.0)}
    assert seen == {"good", "fine", "naïve"}
    words = make_batches(source)[0].words
    written = {CHARSET.decode(row) for row in words.labels.tolist()}
    assert written <= {"good", "fine", "nave"}


def test_a_picture_that_breaks_later_is_replaced(tmp_path, caplog):
    folder = write_folder(tmp_path / "w", ("abcd", "efgh"))
    source = CollectionSource(open_collection("", folder), LABELS, 2, 1)
    (folder / "0.png").write_bytes(b"no picture any more")
    samples = source.samples(0, range(2), 0.0)
    assert [text for _, text in samples] == ["efgh", "efgh"]
    assert "replaced by another image" in caplog.text
    (folder / "1.png").unlink()
    with pytest.raises(InputError, match="none of the 2 images"):
        source.samples(0, range(2), 0.0)
    with pytest.raises(InputError) as told:
        next(prefetched(make_batches(source, batch_size=2), 0, 2, 1))
    assert told.value.message == "none of the 2 images of batch 0 can be read"


def test_a_wrong_size_in_an_lmdb_does_not_break_a_batch(tmp_path, caplog):
    samples = [(png(20, 20), "a"), (png(80, 20), "b")]
    folder = write_lmdb(tmp_path / "data", samples, wh_000000001=b"80_20")
    source = CollectionSource(open_collection("lmdb", folder), LABELS, 2, 1)
    assert [text for _, text in source.samples(0, range(2), 0.0)] == ["b", "b"]
    assert "not of the size" in caplog.text


def test_rotated_images_stay_in_the_bucket_of_their_batch(tmp_path):
    def turn(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
        return picture.rotate(15, expand=True)

    collection = open_collection("", write_folder(tmp_path / "w"))
    source = CollectionSource(collection, LABELS, 4, 1, turn)
    for index in range(source.batches_per_epoch):
        sizes = {picture.size for picture, _ in source.samples(index, range(4), 0.0)}
        assert len(sizes) == 1 and sizes <= set(BUCKETS.values())


def test_a_source_without_anything_to_learn(tmp_path):
    folder = write_folder(tmp_path / "w", ("ä", "ö"))
    with pytest.raises(InputError, match="no image that the model can learn from"):
        open_source(SourceConfig("folder", str(folder)), DataConfig(), LABELS, 4, 0)


class FakeSynthesizer:
    """Gives words of growing length."""

    def __init__(self) -> None:
        self.difficulties: list[float] = []

    def draw(self, rng: np.random.Generator, ratio: int, difficulty: float):
        self.difficulties.append(difficulty)
        length = int(rng.integers(6, 11))
        return np.zeros((32, 32 * ratio, 3), np.uint8), "a" * length


def test_made_words_fit_the_model_and_get_harder():
    source = SynthesisSource(DataConfig(easy_share=0.5, start_difficulty=0.2), LABELS, 0)
    source.__dict__["_synthesizer"] = fake = FakeSynthesizer()
    assert source.difficulty(0.0) == 0.2
    assert source.difficulty(0.25) == pytest.approx(0.6)
    assert source.difficulty(0.5) == source.difficulty(1.0) == 1.0
    samples = source.samples(3, range(20), 0.0)
    assert all(len(text) <= 8 for _, text in samples)
    assert len({picture.size for picture, _ in samples}) == 1
    assert max(fake.difficulties) <= 0.2
    assert [text for _, text in source.samples(3, range(10, 20), 0.0)] == [
        text for _, text in samples[10:]
    ]
    short = SynthesisSource(DataConfig(), Labels(CHARSET, 2), 0)
    short.__dict__["_synthesizer"] = fake
    with pytest.raises(UsageError, match="no synthetic word fits"):
        short.samples(0, range(1), 0.0)


def test_sources_are_drawn_by_their_weights():
    class Named:
        def __init__(self, text: str) -> None:
            self.text = text

        def samples(self, index: int, rows: range, progress: float):
            return [(Image.new("RGB", (64, 64)), self.text) for _ in rows]

    batches = WordBatches(
        [(Named("a"), 1.0), (Named("b"), 3.0)],
        CHARSET,
        max_length=8,
        batch_size=1,
        steps=400,
        seed=0,
    )
    chosen = [CHARSET.decode(batches[index].words.labels[0].tolist()) for index in range(400)]
    assert 70 <= chosen.count("a") <= 130
