"""ESP for real: back ends that carry security associations, each with one record a packet."""
