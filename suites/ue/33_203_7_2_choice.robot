*** Settings ***
Documentation       TS 33.203 7.2, RFC 3329 2.3.1: the UE takes the first combination of the list that it can use, which
...                 is that with the highest q on a list in order, and mirrors the list as a whole.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Tags           req:24.229-5.1.1.5.1-08    req:33.203-I-01    req:33.203-7.4.1a-01


*** Test Cases ***
An Unknown Mechanism Comes First
    [Documentation]    With the highest q: a client passes over what it does not know.
    Register With A List    unknown-first
    Requirements Should Hold

No Entry Has A Preference
    [Documentation]    Without q the order decides.
    Register With A List    without-q
    Requirements Should Hold

Entries Have An Unknown Parameter
    [Documentation]    It changes nothing, and goes back.
    Register With A List    unknown-parameter
    Requirements Should Hold

Entries Without Encryption Do Not Say So
    [Documentation]    A missing ealg means null (annex H).
    Register With A List    bare-null
    Requirements Should Hold

Unusable Entries Come First
    [Documentation]    With the highest q: an unknown algorithm, prot=ah, one without SPIs. The next one has to do.
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}
    ${entries}=    Get Headers    ${challenge}    Security-Server
    ${ends}=    Evaluate    $entries[0][$entries[0].index('spi-c'):]
    Set Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.95; alg=hmac-example-96; ealg=null; ${ends}
    Add Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.93; alg=hmac-sha-1-96; ealg=null; prot=ah; ${ends}
    Add Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.91; alg=hmac-sha-1-96; ealg=null
    FOR    ${entry}    IN    @{entries}
        Add Header    ${challenge}    Security-Server    ${entry}
    END
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

The Highest Preference Is Not The First
    [Documentation]    The combination that is listed first comes once more at the end, with the highest q: TS 33.203
    ...    has the UE take the first, RFC 3329 that with the highest q, and both are the same.
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}
    ${entries}=    Get Headers    ${challenge}    Security-Server
    ${rest}=    Evaluate    [e.split(';', 2)[2] for e in $entries]
    Set Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.1;${rest}[0]
    FOR    ${index}    ${entry}    IN ENUMERATE    @{rest}[1:]    start=2
        Add Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.${index};${entry}
    END
    Add Header    ${challenge}    Security-Server    ipsec-3gpp; q=0.9;${rest}[0]
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold


*** Keywords ***
Register With A List
    [Documentation]    The challenge has this list, and the answer to it is accepted.
    [Arguments]    ${list}
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${register}    security_server=${list}
    Send Response    ${register}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
