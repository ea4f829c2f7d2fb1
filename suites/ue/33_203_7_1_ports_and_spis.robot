*** Settings ***
Documentation       TS 33.203 7.1: protected ports and SPIs of the UE, and that nothing there is in the clear.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Protected Ports Of The UE Are Not The Standard Ports
    [Documentation]    Neither 5060 nor 5061 in any entry of the offer.
    [Tags]    req:33.203-7.1-07    smoke
    Trigger Registration
    Expect Request    REGISTER
    Requirements Should Hold

SPIs Are Unique
    [Documentation]    The two of an offer differ. After a report of a wrong MAC there is another offer.
    [Tags]    req:33.203-7.1-07    req:33.203-7.1-08    smoke
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

SPIs In Use Are Not Offered Again
    [Documentation]    60 s are granted. The UE extends the registration twice, and is challenged each time: the offer
    ...    has no SPI of the associations that it has then.
    [Tags]    req:33.203-7.1-07    req:33.203-7.1-08
    Register UE    expires=60
    FOR    ${_}    IN RANGE    2
        ${made}=    Challenge The Next Refresh
        IF    not ${made}    BREAK
    END
    Advance Time    40 s
    Requirements Should Hold

Nothing Leaves In The Clear
    [Documentation]    Registration, a refresh that is challenged, an answer to the network, and de-registration.
    [Tags]    req:33.203-7.1-04
    Register UE    expires=60
    Challenge The Next Refresh
    Answer Automatically
    Advance Time    3 s
    ${options}=    Build Options
    Send Request    ${options}
    Advance Time    3 s
    Trigger Deregistration
    Advance Time    3 s
    Requirements Should Hold


*** Keywords ***
Challenge The Next Refresh
    [Documentation]    A network does not challenge an offer that it cannot use: then there are no new associations, and
    ...    False is returned. 60 s are granted else.
    ${refresh}=    Expect Request    REGISTER    within=60 s
    ${challenge}=    Build Challenge    ${refresh}
    Send Response    ${refresh}    ${challenge}
    IF    ' 401 ' not in $challenge.start_line    RETURN    ${False}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    Send Response    ${answer}    ${ok}
    RETURN    ${True}
