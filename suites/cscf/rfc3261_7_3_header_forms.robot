*** Settings ***
Documentation       RFC 3261 7.3 and 25.1: a header field means the same on one line and folded over several, under its
...                 long name and under its compact one; and a quoted string is one word.

Resource            ../common.resource

Test Setup          Register And Leave As Usual
Test Teardown       Power Off UE


*** Test Cases ***
Folded Header Fields Are Understood
    [Documentation]    Every field is folded, with blanks and with tabs; the credentials right after their scheme.
    [Tags]    req:rfc3261-7.3.1-01
    ${register}=    Build Initial Register
    Fold Headers    ${register}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Fold Headers    ${answer}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

Compact Header Names Are Understood
    [Documentation]    The names are f, i, k, l, m, t and v.
    [Tags]    req:rfc3261-7.3.3-01
    ${register}=    Build Initial Register
    Use Compact Names    ${register}
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Use Compact Names    ${answer}
    Send Request    ${answer}
    Expect Response    200
    Requirements Should Hold

A Comma In A Quoted String Separates Nothing
    [Documentation]    It stands in a parameter of Via that nobody knows.
    [Tags]    req:rfc3261-25.1-01
    ${register}=    Build Initial Register
    ${via}=    Get Header    ${register}    Via
    Set Header    ${register}    Via    ${via};x-note="one, two; three"
    Send Request    ${register}
    Expect Response    401
    Requirements Should Hold


*** Keywords ***
Register And Leave As Usual
    [Documentation]    What the other forms are compared with: a registration in the usual form, and its end.
    Power On UE
    Register
    Deregister
