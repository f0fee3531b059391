"""SDAR, a block-diffusion language model: Qwen3 layers without a causal mask (arXiv 2510.06303).

A pass takes embeddings, positions and an attention backend, and predicts the token *at* each
position, not the next one. Visibility is up to the backend (``mdocr.models.attention``). Parameter
names are those of the released checkpoint.

Shapes: ... any leading dimensions (rows and tokens, or packed tokens), D width, H query heads,
K key-value heads, E width of a head, V vocabulary.
"""

from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.attention import Attention
from mdocr.models.rotary import angles, rotate, turns
from mdocr.models.sdar_config import SDARConfig


class RMSNorm(nn.RMSNorm):
    """Computed in the dtype of its weight, which autocast leaves in float32; returned in x's."""

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] → [..., D]."""
        # torch's fused kernel requires equal dtypes, and warns otherwise.
        whole = x.to(self.weight.dtype)
        return functional.rms_norm(whole, self.normalized_shape, self.weight, self.eps).to(x.dtype)


class SDARAttention(nn.Module):
    """Grouped-query attention with QK-norm and rotary positions."""

    def __init__(self, config: SDARConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.head_dim = config.head_dim
        dim, bias = config.hidden_size, config.attention_bias
        inner = config.num_attention_heads * config.head_dim
        shared = config.num_key_value_heads * config.head_dim
        self.q_proj = nn.Linear(dim, inner, bias=bias)
        self.k_proj = nn.Linear(dim, shared, bias=bias)
        self.v_proj = nn.Linear(dim, shared, bias=bias)
        self.o_proj = nn.Linear(inner, dim, bias=bias)
        self.q_norm = RMSNorm(config.head_dim, eps=config.rms_norm_eps)
        self.k_norm = RMSNorm(config.head_dim, eps=config.rms_norm_eps)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], attend: Attention) -> Tensor:
        """[..., D] → [..., D]."""
        heads = (-1, self.head_dim)
        query = rotate(self.q_norm(self.q_proj(x).unflatten(-1, heads)), *turns)
        key = rotate(self.k_norm(self.k_proj(x).unflatten(-1, heads)), *turns)
        value = self.v_proj(x).unflatten(-1, heads)  # [..., K, E]
        out: Tensor = self.o_proj(attend(self.layer, query, key, value).flatten(-2))
        return out


class SDARMlp(nn.Module):
    """SwiGLU, as in Qwen and Llama."""

    def __init__(self, config: SDARConfig) -> None:
        super().__init__()
        dim, hidden = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(dim, hidden, bias=False)
        self.up_proj = nn.Linear(dim, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] → [..., D]."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class SDARLayer(nn.Module):
    """Attention, then MLP; pre-norm."""

    def __init__(self, config: SDARConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = SDARAttention(config, layer)
        self.mlp = SDARMlp(config)
        self.input_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], attend: Attention) -> Tensor:
        """[..., D] → [..., D]."""
        x = x + self.self_attn(self.input_layernorm(x), turns, attend)
        x = x + self.mlp(self.post_attention_layernorm(x))
        return x


class SDARModel(nn.Module):
    """Embedding, layers and final norm."""

    def __init__(self, config: SDARConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            SDARLayer(config, layer) for layer in range(config.num_hidden_layers)
        )
        self.norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(self, x: Tensor, positions: Tensor, attend: Attention) -> Tensor:
        """Features before the final norm, [..., D]; arguments as in ``SDAR``."""
        config = self.config
        cosine, sine = turns(angles(positions, config.head_dim, config.rope_theta))
        turned = cosine[..., None, :].to(x.dtype), sine[..., None, :].to(x.dtype)
        for layer in self.layers:
            x = layer(x, turned, attend)
        return x


class SDAR(nn.Module):
    """The language model with its output layer."""

    def __init__(self, config: SDARConfig) -> None:
        super().__init__()
        self.config = config
        self.model = SDARModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def forward(
        self, x: Tensor, positions: Tensor, attend: Attention, queries: Tensor | None = None
    ) -> Tensor:
        """Predicts the tokens at the query positions.

        Args:
            x: embeddings [..., D].
            positions: rotary positions [...], whole or fractional.
            attend: the attention backend.
            queries: indices into the first dimension of ``x``; all if None. Only these go through
                the output layer, which with a large vocabulary is a good part of the work.

        Returns:
            Logits [..., V].
        """
        return self.predict(self.model(x, positions, attend), queries)

    def predict(self, x: Tensor, queries: Tensor | None = None) -> Tensor:
        """Logits [..., V] of features [..., D] of the last layer; ``queries`` as in ``forward``."""
        x = x if queries is None else x[queries]
        logits: Tensor = self.lm_head(self.model.norm(x))
        return logits
