*** Settings ***
Documentation       What no clause states: a message that cannot be read does no harm to those that can.

Resource            ../common.resource

Test Setup          Register Over UDP
Test Teardown       Power Off UE


*** Test Cases ***
Malformed Messages Do Not Silence The DUT
    [Documentation]    After each of them the DUT has to answer a good REGISTER, as it did before.
    [Tags]    req:robustness-01
    Refresh After A Malformed One    drop-header    header=Call-ID
    Refresh After A Malformed One    change-value    header=CSeq    value=99999999999 REGISTER
    Refresh After A Malformed One    change-value    header=Contact    value=<sip:never.closed
    Refresh After A Malformed One    change-value    header=Via    value=SIP/2.0/UDP
    Refresh After A Malformed One    change-value    header=Content-Length    value=-1
    Refresh After A Malformed One    change-value    header=Authorization    value=Digest username="never closed
    Refresh After A Malformed One    change-value    header=From    value=${{chr(0)}}<sip:${{chr(0xdcff)}}>;tag=1
    Refresh After A Malformed One    change-value    header=To    value="never closed \\" <sip:a@b>
    Refresh After A Malformed One    drop-colon    header=Max-Forwards
    Refresh After A Malformed One    bare-cr
    Refresh After A Malformed One    replace-bytes    old=SIP/2.0    new=SIP/
    Refresh After A Malformed One    truncate    octets=100
    Requirements Should Hold


*** Keywords ***
Register Over UDP
    [Documentation]    On a TCP connection a DUT may well give up after the first malformed message. A good one comes
    ...    first.
    Power On UE    transport=UDP
    Register
    Refresh Registration

Refresh After A Malformed One
    [Documentation]    Makes one thing wrong in a REGISTER, sends it, and sends a good one at once.
    [Arguments]    ${mutation}    &{arguments}
    ${register}=    Build Refresh
    ${octets}=    Make Wrong    ${register}    ${mutation}    &{arguments}
    Send Octets    ${octets}
    Refresh Registration
