*** Settings ***
Documentation       RFC 3261 8.2.2.3: the request requires an extension.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Variables ***
${TAG}              imsreg.unknown


*** Test Cases ***
A Required Extension That Nobody Knows Is Refused
    [Documentation]    A registered user asks for it, so that nothing else can be the reason. A challenge may come
    ...    first: the answer then requires the same. With sec-agree in another field, the tag stands in the second one.
    [Tags]    req:rfc3261-8.2.2.3-01    req:rfc3261-8.2.2.3-02
    Register
    ${register}=    Build Refresh
    Add Header    ${register}    Require    ${TAG}
    Send Request    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Add Header    ${answer}    Require    ${TAG}
        Send Request    ${answer}
        Expect Final Response
    END
    Requirements Should Hold

Unknown Extensions In Two Fields Are Both Refused
    [Documentation]    Each stands in a Require of its own, and the 420 names both.
    [Tags]    req:rfc3261-8.2.2.3-01    req:rfc3261-8.2.2.3-02
    Register
    ${register}=    Build Refresh
    Require Two Extensions    ${register}
    Send Request    ${register}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        ${answer}=    Build Register Answering    ${response}
        Require Two Extensions    ${answer}
        Send Request    ${answer}
        Expect Final Response
    END
    Requirements Should Hold


*** Keywords ***
Require Two Extensions
    [Documentation]    Adds a Require for each of two extensions that nobody knows.
    [Arguments]    ${register}
    Add Header    ${register}    Require    ${TAG}
    Add Header    ${register}    Require    ${TAG}.too
