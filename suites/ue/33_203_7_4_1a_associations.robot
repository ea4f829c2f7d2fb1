*** Settings ***
Documentation       TS 33.203 7.4 and 7.4.1a: on which associations a UE sends what. TS 24.229 5.1.1.2.2, 5.1.1.4.1,
...                 5.1.1.5.1 and 5.1.1.6 say the same of its REGISTER requests.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Answer Goes On The Associations Of Its Challenge
    [Documentation]    Between the protected ports, and the protected server port is the one to be reached at.
    [Tags]    req:33.203-7.4.1a-01    req:24.229-5.1.1.2.2-05    req:33.203-7.1-03    smoke
    Register UE
    Requirements Should Hold

Answer Is Repeated Where It Was Sent
    [Documentation]    The network takes 10 s, in which a UE repeats its answer over UDP.
    [Tags]    req:33.203-7.4.1a-01    req:33.203-7.1-03    slow
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Advance Time    10 s
    Send Acceptance    ${answer}
    Requirements Should Hold

Refresh Goes On The Associations Of The Registration
    [Documentation]    The network asks for no authentication: the set stays the same.
    [Tags]    req:24.229-5.1.1.4.1-03    req:24.229-5.1.1.2.2-05    req:33.203-7.1-03
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Acceptance    ${refresh}
    Requirements Should Hold

Refresh With A Challenge
    [Documentation]    It goes on the old set and its answer on the new one, which only the client ports tell from it.
    [Tags]    req:33.203-7.4.1a-01    req:24.229-5.1.1.4.1-03    req:24.229-5.1.1.4.2-02
    ...       req:24.229-5.1.1.2.2-05    req:33.203-7.1-03
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Two Refreshes With A Challenge Each
    [Documentation]    The third set takes the place of the second, as that has of the first.
    [Tags]    req:33.203-7.4.1a-01    req:24.229-5.1.1.4.1-03    req:24.229-5.1.1.4.2-02
    ...       req:24.229-5.1.1.2.2-05
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=30
    Send Response    ${answer}    ${ok}
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Failed Authentication Leaves The Registration Alone
    [Documentation]    The answer to the challenge of a refresh gets 403, on the set on which the refresh came.
    [Tags]    req:33.203-7.4.1a-01    req:24.229-5.1.1.4.1-03
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    ${forbidden}=    Build Response    ${answer}    403
    Send Response    ${answer}    ${forbidden}
    Requirements Should Hold

De-Registration Goes On The Associations Of The Registration
    [Documentation]    So does the 200 to it.
    [Tags]    req:24.229-5.1.1.6-03    req:24.229-5.1.1.2.2-05    req:33.203-7.1-03    smoke
    Register UE
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Acceptance    ${deregister}
    Requirements Should Hold

De-Registration With A Challenge
    [Documentation]    The answer goes on a set that is made to be given up.
    [Tags]    req:24.229-5.1.1.6-03    req:33.203-7.4.1a-01
    Register UE
    Trigger Deregistration
    ${deregister}=    Expect Request    REGISTER
    Send Challenge    ${deregister}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Subscription And Its NOTIFY
    [Documentation]    The SUBSCRIBE goes on the set that the registration has established, and the answer to the NOTIFY
    ...    on the set of that: over UDP from client port to server port, over TCP on the connection.
    [Tags]    req:33.203-7.4.1a-02    req:33.203-7.1-03    smoke
    Register UE
    Accept The Subscription And Notify
    Requirements Should Hold

OPTIONS Of The Network
    [Documentation]    Whatever the UE says to it, it says on the associations on which it was asked.
    [Tags]    req:33.203-7.4.1a-02    req:33.203-7.1-03
    Register UE
    Answer Automatically
    Advance Time    1 s
    ${options}=    Build Options
    Send Request    ${options}
    Expect Final Response
    Requirements Should Hold

NOTIFY While A Refresh Waits For Its 200
    [Documentation]    The challenge has been answered, and the new set is not in use yet. The old one is.
    [Tags]    req:33.203-7.4.1a-02    req:33.203-7.4.1a-01    req:33.203-7.1-03
    Register UE    expires=30
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
    Send Acceptance    ${answer}
    Requirements Should Hold

Second Subscription On The Second Set
    [Documentation]    30 s of subscription are granted: the UE subscribes again after the registration was
    ...    authenticated again, and the network notifies it on either set.
    [Tags]    req:33.203-7.4.1a-02    req:33.203-7.1-03    req:rfc6665-4.1.3-01
    Register UE    expires=20
    Accept The Subscription And Notify    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Accept The Subscription And Notify
    Requirements Should Hold

Wrong MAC Is Reported In The Clear
    [Documentation]    So the registration began. The challenge makes no set that could be used.
    [Tags]    req:33.203-7.4.1a-03    smoke
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Old SQN In A Refresh Is Reported On The Old Associations
    [Documentation]    The refresh began on them. The next challenge is sound, and its answer goes on a new set.
    [Tags]    req:33.203-7.4.1a-03    req:33.203-7.4.1a-01    req:24.229-5.1.1.2.2-05
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}    av=sqn-too-old
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Wrong MAC In A Refresh Is Reported On The Old Associations
    [Documentation]    As for an old SQN.
    [Tags]    req:33.203-7.4.1a-03
    Register UE    expires=30
    ${refresh}=    Expect Request    REGISTER
    Send Challenge    ${refresh}    av=wrong-mac
    ${report}=    Expect Request    REGISTER
    Send Challenge    ${report}    av=right
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold


*** Keywords ***
Accept The Subscription And Notify
    [Documentation]    The first NOTIFY follows the 200 (RFC 6665 4.2.1.2).
    [Arguments]    ${expires}=${None}
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}    expires=${expires}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
