*** Settings ***
Documentation       TS 33.203 6.3: nothing is taken that comes twice, or was changed on its way, or came elsewhere.

Resource            ../common.resource

Test Setup          Power On UE    transport=UDP    security=ipsec
Test Teardown       Power Off UE


*** Test Cases ***
A Replayed Refresh Is Not Answered
    [Documentation]    The packet of an answered REGISTER comes again, to the octet, and a second time later.
    [Tags]    req:33.203-6.3-01    slow
    Register
    Refresh Registration
    Inject Packet    replay    on=UL1 of the established set
    Advance Time    3 s
    Inject Packet    replay    on=UL1 of the established set
    Advance Time    3 s
    Requirements Should Hold

A Replayed Answer Is Not Answered
    [Documentation]    The REGISTER that answered the challenge, before anything else has passed on the associations.
    [Tags]    req:33.203-6.3-01    slow
    Register
    Inject Packet    replay    on=UL1 of the established set
    Advance Time    3 s
    Requirements Should Hold

A Packet With A Wrong ICV Is Not Answered
    [Documentation]    The last bit of the ICV has changed. On the temporary set and on the established one.
    [Tags]    req:33.203-6.3-02    slow
    Answer On The Temporary Set With    bad ICV
    Refresh On The Established Set With    bad ICV
    Requirements Should Hold

A Packet With An Unknown SPI Is Not Answered
    [Documentation]    The rest of it is right.
    [Tags]    req:33.203-6.3-02    slow
    Answer On The Temporary Set With    wrong SPI
    Refresh On The Established Set With    wrong SPI
    Requirements Should Hold

A Packet Between Other Ports Is Not Answered
    [Documentation]    Inside of ESP the source port is not the UE's client port.
    [Tags]    req:33.203-6.3-02    slow
    Answer On The Temporary Set With    wrong inner port
    Refresh On The Established Set With    wrong inner port
    Requirements Should Hold

A Packet In The Clear At A Protected Port Is Not Answered
    [Documentation]    From the UE's client port to the server port of the P-CSCF, without ESP.
    [Tags]    req:33.203-6.3-02    req:33.203-7.1-04    slow
    Answer On The Temporary Set With    in the clear
    Refresh On The Established Set With    in the clear
    Requirements Should Hold


*** Keywords ***
Answer On The Temporary Set With
    [Documentation]    The right answer to a challenge comes in a spoiled packet, and then as it should.
    [Arguments]    ${fault}
    Send Initial Register
    ${challenge}=    Expect Response    401
    ${answer}=    Build Register Answering    ${challenge}
    Inject Packet    ${fault}    on=UL1 of the temporary set    message=${answer}
    Advance Time    3 s
    Send Request    ${answer}
    Expect Response    200

Refresh On The Established Set With
    [Documentation]    A REGISTER that a network could answer by any final response.
    [Arguments]    ${fault}
    ${refresh}=    Build Refresh
    Inject Packet    ${fault}    on=UL1 of the established set    message=${refresh}
    Advance Time    3 s
