*** Settings ***
Documentation       TS 24.229 5.1.1.5.3: the USIM does not accept AUTN, and the UE says so.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Wrong MAC Is Reported And The Right Challenge Answered
    [Documentation]    The network was somebody else, or a bit has fallen over. The next challenge is sound.
    [Tags]    req:24.229-5.1.1.5.3-01    req:24.229-5.1.1.5.3-04    smoke
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Old SQN Is Reported And The Network Catches Up
    [Documentation]    The SQN is that of the registration before: the UE has forgotten it, its USIM has not.
    [Tags]    req:24.229-5.1.1.5.3-02    req:24.229-5.1.1.5.3-04    req:rfc3310-3.4-02    req:rfc3310-3.4-03
    ...       smoke
    Register UE
    Reset UE
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=sqn-too-old
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Old SQN In The Challenge Of A Refresh
    [Documentation]    The network asks for another authentication, with the SQN of the one before.
    [Tags]    req:24.229-5.1.1.5.3-02
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    Send Challenge    ${refresh}    av=sqn-too-old
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

SQN Far Ahead
    [Documentation]    A USIM with a limit refuses it (TS 33.102 C.2.1), one without accepts it: how far is too far, is
    ...    the operator's. A report is followed by a challenge that goes on from the SQN of the USIM.
    [Tags]    req:24.229-5.1.1.5.1-06
    Register UE
    Reset UE
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=sqn-too-far
    ${answer}=    Expect Request    REGISTER
    ${authorization}=    Get Header    ${answer}    Authorization
    IF    'auts=' in str($authorization)
        Send Challenge    ${answer}    av=right
        ${answer}=    Expect Request    REGISTER
    END
    Send Acceptance    ${answer}
    Requirements Should Hold

Report Under The Security Agreement
    [Documentation]    The challenge brought no agreement: the UE makes a new offer.
    [Tags]    req:24.229-5.1.1.5.3-03
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
