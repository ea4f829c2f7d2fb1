*** Settings ***
Documentation       TS 33.203 6.3: nothing is taken that comes a second time, or was changed on its way, or came
...                 elsewhere. What comes is an OPTIONS, to which every UE has an answer.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
A Replayed Request Is Not Answered
    [Documentation]    The packet of an answered OPTIONS comes again, to the octet, and once more later.
    [Tags]    req:33.203-6.3-01    slow
    Register And Settle
    ${options}=    Build Options
    Send Request    ${options}
    Expect Final Response
    Inject Packet    replay    on=DL2 of the established set
    Advance Time    3 s
    Inject Packet    replay    on=DL2 of the established set
    Advance Time    3 s
    Requirements Should Hold

A Request With A Wrong ICV Is Not Answered
    [Documentation]    The last bit of the ICV has changed.
    [Tags]    req:33.203-6.3-02    slow
    Register And Settle
    Receive In A Spoiled Packet    bad ICV
    Requirements Should Hold

A Request With An Unknown SPI Is Not Answered
    [Documentation]    The rest of it is right.
    [Tags]    req:33.203-6.3-02    slow
    Register And Settle
    Receive In A Spoiled Packet    wrong SPI
    Requirements Should Hold

A Request Between Other Ports Is Not Answered
    [Documentation]    Inside of ESP the source port is not the client port of the P-CSCF.
    [Tags]    req:33.203-6.3-02    slow
    Register And Settle
    Receive In A Spoiled Packet    wrong inner port
    Requirements Should Hold

A Packet In The Clear At The Protected Port Is Not Answered
    [Documentation]    From the client port of the P-CSCF to the server port of the UE, without ESP.
    [Tags]    req:33.203-6.3-02    req:33.203-7.1-04    slow
    Register And Settle
    Receive In A Spoiled Packet    in the clear
    Requirements Should Hold

The UE Still Listens After Spoiled Packets
    [Documentation]    One of each kind, and then a request as it should be.
    [Tags]    req:33.203-6.3-02    slow
    Register And Settle
    FOR    ${fault}    IN    bad ICV    wrong SPI    wrong inner port    in the clear
        Receive In A Spoiled Packet    ${fault}
    END
    ${options}=    Build Options
    Send Request    ${options}
    Expect Final Response
    Requirements Should Hold


*** Keywords ***
Register And Settle
    [Documentation]    Registers the UE and answers what it has to say then.
    Register UE
    Answer Automatically
    Advance Time    3 s

Receive In A Spoiled Packet
    [Documentation]    An OPTIONS that comes in no other way.
    [Arguments]    ${fault}
    ${options}=    Build Options
    Inject Packet    ${fault}    on=DL2 of the established set    message=${options}
    Advance Time    3 s
