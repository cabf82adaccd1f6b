"""The counters of what AWS would bill."""

from local.meter import Meter, difference


def test_a_difference_has_what_was_counted_in_between() -> None:
    meter = Meter()
    meter.add("dynamodb", "us-east-1", "items_written", amount=3)
    meter.add("requests", "us-east-1", "s3", "GET")
    meter.largest("states", "us-east-1", "largest_payload", amount=500)
    earlier = meter.reading()
    meter.add("dynamodb", "us-east-1", "items_written", amount=2)
    meter.add("dynamodb", "eu-west-1", "read_units", amount=0.5)
    meter.largest("states", "us-east-1", "largest_payload", amount=400)

    assert difference(meter.reading(), earlier) == {
        "dynamodb": {"us-east-1": {"items_written": 2}, "eu-west-1": {"read_units": 0.5}}
    }
    meter.add("states", "us-east-1", "transitions")
    assert difference(meter.reading(), earlier)["states"] == {
        "us-east-1": {"transitions": 1, "largest_payload": 500}
    }


def test_a_reading_does_not_grow_afterwards() -> None:
    meter = Meter()
    meter.add("a", "b")
    reading = meter.reading()
    meter.add("a", "b")
    assert reading == {"a": {"b": 1}}
