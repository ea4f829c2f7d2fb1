*** Settings ***
Documentation       TS 33.203 7.3.2.3 and Annex H: an answer on its associations changes a list. That ends the
...                 registration, and the associations with it.

Library             String
Resource            ../common.resource

Test Teardown       Power Off UE


*** Test Cases ***
A Changed Security-Verify Ends The Associations
    [Documentation]    One SPI in the mirrored list is another one.
    [Tags]    req:33.203-7.3.2.3-01    req:33.203-7.4.2a-06
    Answer With A Changed List    Security-Verify    UDP
    Requirements Should Hold

A Changed Security-Verify Over TCP Ends The Registration
    [Documentation]    The same on a connection, which may well go with the associations.
    [Tags]    req:33.203-7.3.2.3-01
    Answer With A Changed List    Security-Verify    TCP
    Requirements Should Hold

A Changed Security-Client Ends The Associations
    [Documentation]    One SPI in the UE's own list is not that of the first REGISTER.
    [Tags]    req:33.203-H-03    req:33.203-7.4.2a-06
    Answer With A Changed List    Security-Client    UDP
    Requirements Should Hold


*** Keywords ***
Answer With A Changed List
    [Documentation]    The answer is right but for this header.
    [Arguments]    ${name}    ${transport}
    Power On UE    transport=${transport}    security=ipsec
    Keep Associations
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Change An SPI In    ${answer}    ${name}
    Send Request    ${answer}
    ${response}=    Expect Final Response
    IF    ${response.status} >= 300    Try The Associations Of    ${challenge}

Change An SPI In
    [Documentation]    spi-c of the first entry becomes another one.
    [Arguments]    ${answer}    ${name}
    ${list}=    Get Header    ${answer}    ${name}
    ${changed}=    Replace String Using Regexp    ${list}    (?i)spi-c\\s*=\\s*[0-9]+    spi-c=0000004711
    Set Header    ${answer}    ${name}    ${changed}

Try The Associations Of
    [Documentation]    A REGISTER on what a challenge has made: nothing is wrong with it but that it is over.
    [Arguments]    ${challenge}
    ${fetch}=    Build Fetch
    ${announced}=    Get Headers    ${challenge}    Security-Server
    ${mirrored}=    Catenate    SEPARATOR=,${SPACE}    @{announced}
    Set Header    ${fetch}    Security-Verify    ${mirrored}
    Send Request    ${fetch}    on=UL1 of the deleted set
    Wait For Answer
