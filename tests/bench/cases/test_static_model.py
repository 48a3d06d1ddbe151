"""A model cut to one size computes the same bits there."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_bench.cases.static_model import cut_to_one_size
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.runners.remote_worker import host_outputs
from lwisp_mobile.errors import ModelError
from lwisp_mobile.tflite.graph import Graph
from tests.bench.small_models import add_model


def test_a_student_is_cut_to_its_main_signature() -> None:
    subject = bundle_subject("lwisp", "int8", 64, ())
    whole = Graph.parse(subject.model)
    cut = cut_to_one_size(subject.model, [subject.images[0].arrays[0].shape])
    graph = Graph.parse(cut)
    assert len(whole.signatures) > 1
    assert len(graph.subgraphs) == len(graph.signatures) == 1
    assert [tensor.shape for tensor in graph.inputs] == [(1, 64, 64, 4)]
    assert [tensor.shape for tensor in graph.outputs] == [(1, 128, 128, 3)]
    assert len(graph.operators) == len(whole.operators)
    assert Interpreter(model_content=cut).get_input_details()[0]["shape"].tolist() == [1, 64, 64, 4]
    assert np.array_equal(host_outputs(subject, cut)[0][0], host_outputs(subject, subject.model)[0][0])


def test_a_model_of_that_size_is_left_as_it_is() -> None:
    model = add_model("int8", (1, 4))
    assert cut_to_one_size(model, [(1, 4), (1, 4)]) is model


def test_a_size_that_the_model_refuses_is_named() -> None:
    with pytest.raises(ModelError, match="can't be resized"):
        cut_to_one_size(add_model("int8", (1, 4)), [(1, 4), (1, 5)])
