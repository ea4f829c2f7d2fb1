*** Settings ***
Documentation       TS 24.229 5.1.1.3: the UE subscribes to its registration state.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Subscription Follows The Registration
    [Documentation]    P-Associated-URI names the registered identity first.
    [Tags]    req:24.229-5.1.1.3-01    req:24.229-5.1.1.3-02    req:24.229-5.1.1.3-03    smoke
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold

Registered Identity Is Not In P-Associated-URI
    [Documentation]    It is barred then: the UE may not use it, but the default identity.
    [Tags]    req:24.229-5.1.1.3-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    VAR    @{associated}=    sip:first@ims.example    sip:second@ims.example    tel:+15550100
    ${ok}=    Build Acceptance    ${answer}    associated=${associated}
    Send Response    ${answer}    ${ok}
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold

P-Associated-URI Without Telephone Number
    [Documentation]    One SIP URI alone.
    [Tags]    req:24.229-5.1.1.3-01    req:24.229-5.1.1.3-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    VAR    @{associated}=    sip:only@ims.example
    ${ok}=    Build Acceptance    ${answer}    associated=${associated}
    Send Response    ${answer}    ${ok}
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold

P-Associated-URI In One Field
    [Documentation]    Both URIs on one line, as some networks write them (RFC 3261 7.3.1).
    [Tags]    req:24.229-5.1.1.3-01    req:24.229-5.1.1.3-02
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}
    VAR    ${value}=    "Two, Names" <sip:first@ims.example>,<tel:+15550100>
    Set Header    ${ok}    P-Associated-URI    ${value}
    Send Response    ${answer}    ${ok}
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    Requirements Should Hold
