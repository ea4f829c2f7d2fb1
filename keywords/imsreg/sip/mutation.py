"""Named mutations: each makes exactly one thing of a message different, for tests that send what is wrong or odd."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from imsreg.errors import InputError
from imsreg.sip.draft import Draft
from imsreg.sip.mutations import fields, octets, parameters, start_line, values

MUTATIONS: Mapping[str, Callable[..., bytes]] = {
    mutation.__name__.replace("_", "-"): mutation
    for mutation in (
        fields.drop_header,
        fields.insert_header,
        fields.duplicate_header,
        fields.rename_header,
        fields.move_header,
        fields.reverse_headers,
        fields.split_header,
        fields.join_header,
        fields.compact_names,
        fields.compact_header,
        fields.recase_names,
        fields.space_before_colon,
        fields.drop_colon,
        values.change_value,
        values.drop_value,
        values.duplicate_value,
        values.reverse_values,
        values.recase_value,
        values.fold_header,
        values.fold_headers,
        values.recode_value,
        values.escape_user,
        values.change_body,
        values.change_length,
        parameters.add_parameter,
        parameters.change_parameter,
        parameters.drop_parameter,
        parameters.duplicate_parameter,
        parameters.rename_parameter,
        parameters.requote_parameter,
        start_line.change_start_line,
        start_line.change_method,
        start_line.change_request_uri,
        start_line.change_status,
        start_line.change_version,
        octets.truncate,
        octets.replace_bytes,
        octets.insert_bytes,
        octets.delete_bytes,
        octets.flip_bit,
        octets.prepend_bytes,
        octets.append_bytes,
        octets.bare_lf,
        octets.bare_cr,
        octets.drop_empty_line,
    )
}
"""Every mutation by its name; the docstring of each says on one line what arguments it takes."""


def mutate(draft: Draft, name: str, /, **arguments: object) -> bytes:
    """The octets of `draft` after the mutation `name`; the draft itself stays as it is.

    Raises InputError if there is no such mutation, if its arguments are not these, or if it would change nothing;
    MessageError if the draft can no longer be framed as SIP.
    """
    mutation = MUTATIONS.get(name)
    if mutation is None:
        raise InputError("mutation", name, "is unknown", f"choose one of {', '.join(MUTATIONS)}")
    whole = Draft.of(draft.to_message())
    try:
        inspect.signature(mutation).bind(whole, **arguments)
    except TypeError as error:
        raise InputError("mutation", name, f"does not take these arguments: {error}", str(mutation.__doc__)) from None
    mutated = mutation(whole, **arguments)
    if mutated == draft.to_bytes():
        raise InputError("mutation", name, "changes nothing in this message", "choose arguments that do")
    return mutated


def descriptions() -> tuple[tuple[str, str], ...]:
    """Name and arguments of every mutation, for a listing."""
    return tuple((name, str(mutation.__doc__)) for name, mutation in MUTATIONS.items())
