import torch

from mdocr.models.kv_cache import KVCache
from mdocr.models.sdar_config import ROUNDING, CacheShape

SHAPE = CacheShape(layers=2, heads=3, head_dim=4)


def made():
    cache = KVCache(SHAPE, 5, torch.device("cpu"), torch.float32)
    cache.reserve(ROUNDING)
    return cache


def test_tokens_are_stored_at_their_positions():
    cache, new = made(), torch.randn(3, 3, 4)
    cache.write(1, torch.tensor([4, 4, 0]), torch.tensor([0, 7, 2]), (new, -new))
    keys, values = cache.read(1, slice(0, 5), 8)
    assert keys.shape == values.shape == (5, 8, 3, 4)
    assert torch.equal(keys[4, 0], new[0])
    assert torch.equal(keys[4, 7], new[1])
    assert torch.equal(values[0, 2], -new[2])
    assert not cache.read(0, slice(0, 5), 8)[0].any()


def test_sequences_are_read_in_any_order():
    cache, new = made(), torch.randn(5, 3, 4)
    cache.write(0, torch.arange(5), torch.zeros(5, dtype=torch.long), (new, new))
    keys, _ = cache.read(0, torch.tensor([3, 1]), 1)
    assert torch.equal(keys[:, 0], new[[3, 1]])


def test_a_slice_of_sequences_is_read_without_a_copy():
    cache = made()
    keys, _ = cache.read(0, slice(1, 3), 2)
    keys += 1
    assert cache.read(0, slice(0, 5), 2)[0].sum() == keys.numel()


def test_growing_keeps_what_is_stored_and_unused_positions_are_finite():
    cache, new = made(), torch.randn(1, 3, 4)
    cache.write(0, torch.tensor([2]), torch.tensor([9]), (new, new))
    cache.reserve(ROUNDING + 1)
    assert cache.capacity == 2 * ROUNDING
    keys, values = cache.read(0, slice(2, 3), cache.capacity)
    assert torch.equal(keys[0, 9], new[0])
    assert keys.count_nonzero() == values.count_nonzero() == new.numel()
    cache.reserve(3)
    assert cache.capacity == 2 * ROUNDING


def test_the_memory_of_a_token():
    assert SHAPE.token_bytes(torch.bfloat16.itemsize) == 2 * 2 * 3 * 4 * 2
