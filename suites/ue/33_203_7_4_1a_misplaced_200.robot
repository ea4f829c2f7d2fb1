*** Settings ***
Documentation       TS 33.203 7.4.1a: the 200 to the answer counts on the associations that its challenge has made. What
...                 comes elsewhere may be anybody's. After some seconds the right 200 follows, and the UE may do what a
...                 registered UE does.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
200 In The Clear
    [Documentation]    Between the unprotected ports, as for a registration without associations.
    [Tags]    req:33.203-7.4.1a-04
    ${answer}    ${ok}=    Challenge The Registration
    Send Response    ${answer}    ${ok}    on=clear
    Advance Time    4 s
    Send Response    ${answer}    ${ok}
    Answer Automatically
    Advance Time    1 s
    Requirements Should Hold

200 In The Clear At The Protected Port
    [Documentation]    From protected port to protected port, but outside of ESP.
    [Tags]    req:33.203-7.4.1a-04
    ${answer}    ${ok}=    Challenge The Registration
    Inject Packet    in the clear    DL2 of the temporary set    ${ok}
    Advance Time    4 s
    Send Response    ${answer}    ${ok}
    Answer Automatically
    Advance Time    1 s
    Requirements Should Hold

200 With A Wrong ICV
    [Documentation]    On the right association, and not of the network.
    [Tags]    req:33.203-7.4.1a-04
    ${answer}    ${ok}=    Challenge The Registration
    Inject Packet    bad ICV    DL2 of the temporary set    ${ok}
    Advance Time    4 s
    Send Response    ${answer}    ${ok}
    Answer Automatically
    Advance Time    1 s
    Requirements Should Hold

200 On The Old Associations
    [Documentation]    The challenge of a refresh was answered on the new ones. Who takes himself for registered
    ...    de-registers on them at once.
    [Tags]    req:33.203-7.4.1a-04    req:33.203-7.4.1a-01
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}
    Send Response    ${answer}    ${ok}    on=DL2 of the established set
    Trigger Deregistration
    Advance Time    4 s
    Send Response    ${answer}    ${ok}
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Requirements Should Hold


*** Keywords ***
Challenge The Registration
    [Documentation]    The answer to the challenge of a first registration, and the 200 that it should get.
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}
    RETURN    ${answer}    ${ok}
