"""Generation with a cache, compared with a full forward pass for every token."""

import math

import pytest
import torch

from memlab.models.transformer import Transformer
from memlab.preset.schema import Model
from memlab.training.generate import GREEDY, Sampling, generate

N_CTX, D_VOCAB = 9, 7
MODELS = [
    {},
    {"positions": "rotary", "norm": "rmsnorm", "activation": "swiglu", "biases": False},
    {"positions": "none", "norm": "none", "activation": "relu", "tie_embeddings": False},
]
PROMPTS = [[1], [2, 3, 4], [5, 0, 1, 6, 2], [1]]


def make_model(**switches: object) -> Transformer:
    settings = Model(d_model=16, init_std=0.5, **switches)
    return Transformer(settings, D_VOCAB, N_CTX, seed=3).double().eval()


def greedy_by_hand(
    model: Transformer, prompt: list[int], max_new: int, eos: int | None
) -> tuple[list[int], list[float]]:
    tokens, p = list(prompt), []
    while len(tokens) - len(prompt) < max_new and len(tokens) <= N_CTX:
        with torch.no_grad():
            probabilities = model(torch.tensor([tokens]))[0, -1].softmax(-1)
        tokens.append(int(probabilities.argmax()))
        p.append(float(probabilities.max()))
        if tokens[-1] == eos:
            break
    return tokens[len(prompt) :], p


@pytest.mark.parametrize("switches", MODELS)
@pytest.mark.parametrize("max_new", [0, 1, 4, 20])
@pytest.mark.parametrize("eos", [None, 2])
def test_prompts_of_different_lengths_continue_as_in_separate_calls(switches, max_new, eos):
    model = make_model(**switches)
    for prompt, generated in zip(PROMPTS, generate(model, PROMPTS, max_new, eos), strict=True):
        tokens, p = greedy_by_hand(model, prompt, max_new, eos)
        assert generated.tokens == tokens
        assert generated.p == pytest.approx(p, rel=1e-9)


class ReversedTransformer(Transformer):
    """Prefers the least likely token, with a changed `forward`."""

    def forward(self, tokens):
        return -super().forward(tokens)


def test_generation_uses_a_changed_forward():
    model = ReversedTransformer(Model(d_model=16, init_std=0.5), D_VOCAB, N_CTX).eval()
    for prompt, generated in zip(PROMPTS, generate(model, PROMPTS, 4, None), strict=True):
        assert generated.tokens == greedy_by_hand(model, prompt, 4, None)[0]


def test_a_prompt_that_fills_the_context_gets_one_token():
    model = make_model()
    generated = generate(model, [[1, 2, 3, 4, 5, 6, 0, 1, 2], [3]], 5)
    assert [len(m.tokens) for m in generated] == [1, 5]


def test_sampling_is_determined_by_its_generator_and_follows_the_model():
    model = make_model()
    draws = [
        generate(
            model, [[4]] * 4000, 1, None, Sampling(1.3, None, torch.Generator().manual_seed(s))
        )
        for s in (1, 1, 2)
    ]
    first, again, other = ([d.tokens[0] for d in draw] for draw in draws)
    assert first == again != other
    with torch.no_grad():
        expected = (model(torch.tensor([[4]]))[0, 0] / 1.3).softmax(-1)
    seen = torch.bincount(torch.tensor(first), minlength=D_VOCAB) / 4000
    assert torch.allclose(seen.double(), expected, atol=0.03)


def test_top_k_samples_only_from_the_most_likely_tokens():
    model = make_model()
    sampling = Sampling(5.0, 2, torch.Generator().manual_seed(0))
    drawn = {g.tokens[0] for g in generate(model, [[4]] * 200, 1, None, sampling)}
    with torch.no_grad():
        likeliest = model(torch.tensor([[4]]))[0, 0].topk(2).indices.tolist()
    assert drawn == set(likeliest)


@pytest.mark.parametrize(("temperature", "top_k"), [(1e-9, None), (1e-320, 2), (math.inf, 1)])
def test_the_lowest_temperatures_are_greedy(temperature, top_k):
    model = make_model()
    cold = Sampling(temperature, top_k, torch.Generator().manual_seed(0))
    assert [g.tokens for g in generate(model, PROMPTS, 4, None, cold)] == [
        g.tokens for g in generate(model, PROMPTS, 4, None, GREEDY)
    ]
