*** Settings ***
Documentation       TS 24.229 5.4.1.2.3A and TS 33.203 6.1.2.1: the response is not the one that XRES gives.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
Response Over A Wrong RES Is Refused
    [Documentation]    One bit of RES is turned over.
    [Tags]    req:24.229-5.4.1.2.3A-01    req:33.203-6.1.2.1-01    req:33.203-6.1.1-03    smoke
    [Template]    Response Over ${a wrong} RES Is Refused
    wrong

Response Over An Empty RES Is Refused
    [Documentation]    The empty password belongs to auts alone (RFC 3310 3.4).
    [Tags]    req:24.229-5.4.1.2.3A-01    req:33.203-6.1.2.1-01    req:33.203-6.1.1-03
    [Template]    Response Over ${a wrong} RES Is Refused
    empty

Response Over RES In Hexadecimal Is Refused
    [Documentation]    RES is octets (RFC 3310 3.3), not what they look like in a log.
    [Tags]    req:24.229-5.4.1.2.3A-01    req:33.203-6.1.2.1-01    req:33.203-6.1.1-03
    [Template]    Response Over ${a wrong} RES Is Refused
    hex

A Refused Response Leaves The Registration Alone
    [Documentation]    TS 33.203 6.1.1: else anybody could end it, who begins another one in the user's name. What a
    ...    fetch lists afterwards is compared with what one lists before.
    [Tags]    req:33.203-6.1.1-02
    Register
    Fetch Bindings
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=wrong
    Expect Final Response
    Fetch Bindings
    Requirements Should Hold


*** Keywords ***
Response Over ${a wrong} RES Is Refused
    [Documentation]    403, or a challenge again; the next challenge has a vector of its own.
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}    res=${a wrong}
    Send Request    ${answer}
    Expect Final Response
    Send Initial Register
    Expect Response    401
    Requirements Should Hold
