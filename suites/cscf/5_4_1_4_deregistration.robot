*** Settings ***
Documentation       TS 24.229 5.4.1.4: the user de-registers.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
A De-Registered Contact Is Gone
    [Documentation]    From the list in the 200 to the de-registration, and from the list that another UE of the
    ...    subscription gets afterwards.
    [Tags]    req:24.229-5.4.1.4-01    req:24.229-5.4.1.2.2-03    req:rfc3261-10.3-06    smoke
    Register
    ${deregister}=    Build Deregister
    Get Header    ${deregister}    Expires    ==    0
    Send Request    ${deregister}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        Send Register Answering    ${response}
        Expect Final Response
    END
    Power On UE    subscriber=${UE.subscriber.name}
    Register
    Requirements Should Hold

Contact * Removes Every Binding
    [Documentation]    What a UE sends that does not know any more what it has registered (RFC 3261 10.2.2).
    [Tags]    req:24.229-5.4.1.4-01
    Register
    ${deregister}=    Build Remove All Bindings
    Get Header    ${deregister}    Contact    ==    *
    Send Request    ${deregister}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Set Header    ${answer}    Contact    *
        Send Request    ${answer}
        Expect Final Response
    END
    Requirements Should Hold
