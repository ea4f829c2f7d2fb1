"""What stands in a new profile and in the subscriber file beside it, with places for what the user wishes."""

from __future__ import annotations

PROFILE = """\
# The device under test. What stands here is what it claims: what it does not claim is N/A.
dut:
  name: {name}
  version: ""                         # stands in every report
  role: {role:<29} # ue | core | p-cscf | i-cscf | s-cscf | registrar
  address: {address:<26} # one for each family; a family without an address is N/A
  port: 5060
  transports: [udp, tcp]              # the first is what tests use that ask for neither
  # start: ./start-dut                # commands that start and stop it; a run waits for them
  # stop: ./stop-dut
home_domain: {home_domain}
release: {release}
security: none                        # none | headers: the security agreement without ESP | ipsec: with it
# tester:                             # in mode ipsec
#   address: [192.0.2.11, 192.0.2.12] # of this host; each UE takes the next, by which a P-CSCF tells UEs apart
#   ipsec: userspace                  # what does ESP: userspace | kernel
# requires: [ipsec]                   # a host that cannot do it then ends the run; left out: every test is N/A
features: {{}}                          # ICS; left out: false, or unknown. Some of them:
  # implicit-set: true                # subscribers have several public identities, registered together
  # multiple-impu: true
  # reg-event: true                   # it tells subscribers of their registrations, as TS 24.229 5.4.2.1 has it
  # sec-agree-required: true
  # min-expires: 60                   # seconds
  # ipsec-algorithms: [hmac-sha-1-96, aes-gmac, aes-cbc, aes-gcm]
subscribers: {subscribers}
timing: {{t1: 0.5, multiplier: 1}}      # T1 in seconds; the tester waits multiplier times longer than it must
# Addresses and networks: nothing is ever sent anywhere else.
allow: {allow}
# lockout: 3                          # wrong responses in a row after which the DUT locks a subscriber out
# collect: ./fetch-log                # prints the DUT's own log after a test that failed
# deviations:                         # what is known and accepted: KNOWN instead of FAIL
#   - id: rfc3261-8.2.6.2-02
#     because: the stack keeps one Via only
#     until: 2027-06-30
"""

UE_PROFILE = """\
# The UE under test. What stands here is what it claims: what it does not claim is N/A.
dut:
  name: {name}
  version: ""                         # stands in every report
  role: ue
  transports: [udp, tcp]              # those over which it may come
  subscriber: alice                   # the SIM in it; left out: the first of the file
  # start: ./start-ue                 # commands that start and stop it; a run waits for them
  # stop: ./stop-ue
# Where the UE looks for its P-CSCF: an address of this host, one for each family that it may use. In mode ipsec
# `ipsec: userspace` or `ipsec: kernel` says what does ESP; userspace unless it is there.
tester: {{address: {address}, port: 5060, ipsec: userspace}}
# How it is made to act: steps that a person at the terminal takes, or commands. deregister and reset may be left out.
control:
  kind: manual
  register: Switch flight mode off    # what makes it register
  deregister: Switch IMS off          # what makes it de-register; left out: tests that need it are N/A
  reset: Switch flight mode on        # what leaves it without a registration, best without sending anything
  limit: 120                          # seconds for each step
# control:
#   kind: command
#   register: adb shell cmd connectivity airplane-mode disable
#   reset: adb shell cmd connectivity airplane-mode enable
#   # Commands find IMSREG_CORE_ADDRESS, IMSREG_CORE_PORT, IMSREG_TRANSPORT, IMSREG_SUBSCRIBER, IMSREG_SUBSCRIBERS (the
#   # file), IMSREG_IMPI, IMSREG_IMPU, IMSREG_HOME_DOMAIN and IMSREG_SCRATCH (a directory) in their environment.
home_domain: {home_domain}
release: {release}
security: none                        # none | headers: the security agreement without ESP | ipsec: with it
# requires: [ipsec]                   # a host that cannot do ESP then ends the run; left out: every test is N/A
features:                             # ICS; left out: false, or unknown. Some of them:
  reg-event: true                     # it subscribes to its registration state, as TS 24.229 5.1.1.3 has it
  # multiple-impu: true
  # gruu: true
  # ipsec-algorithms: [hmac-sha-1-96, aes-gmac, aes-cbc, aes-gcm]
subscribers: {subscribers}
timing: {{t1: 0.5, multiplier: 1}}      # T1 in seconds; the tester waits multiplier times longer than it must
# The network that the UE comes from: nothing is ever sent anywhere else.
allow: {allow}
# collect: ./fetch-log                # prints the UE's own log after a test that failed
# deviations:                         # what is known and accepted: KNOWN instead of FAIL
#   - id: 24.229-5.1.1.2.1-04
#     because: the stack asks for an hour
#     until: 2027-06-30
"""

SUBSCRIBERS = """\
# Subscribers that DUT and tester both know, with their keys: whom the tester registers as, or whose SIM a UE holds.
# Keys are read from the environment: IMSREG_ALICE_K and IMSREG_ALICE_OPC (or IMSREG_ALICE_OP), 32 hexadecimal digits
# each. Or from a file of their own, outside of version control: `keys: keys.yaml` at the top instead of those below,
# and in it a line for each:  alice: {k: "...", opc: "..."}
subscribers:
"""

SUBSCRIBER = """\
  - name: {name}
    imsi: "{imsi}"{pad} # digits in quotes: YAML would eat leading zeros
    mnc_digits: {mnc_digits}
{identities}    impus: ["sip:{imsi}@{home_domain}"]   # the implicit set in the HSS's order; add the others
    # barred: []                      # those of impus that may only register
    # res_length: 8                   # octets of RES
    keys: {{env: IMSREG_{variable}}}
"""
