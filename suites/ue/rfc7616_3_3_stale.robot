*** Settings ***
Documentation       RFC 7616 3.3: a nonce that is stale is replaced, and the UE answers the new one.

Resource            ../common.resource

Test Setup          Power On Core    subscriber=password
Test Teardown       Power Off Core


*** Test Cases ***
A Stale Nonce Is Replaced
    [Documentation]    The response was right, says the network, but the nonce too old.
    [Tags]    req:rfc7616-3.4.1-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${challenge}=    Build Challenge    ${answer}    stale=true
    Send Response    ${answer}    ${challenge}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold

Every Nonce Is Stale
    [Documentation]    However often the UE answers. The tester goes on for twelve challenges, or until the UE gives up.
    [Tags]    req:rfc7616-3.3-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    FOR    ${_}    IN RANGE    12
        ${challenge}=    Build Challenge    ${register}    stale=true
        Send Response    ${register}    ${challenge}
        TRY
            ${register}=    Expect Request    REGISTER    within=40 s
        EXCEPT    AS    ${why}
            Log    The UE has given up: ${why}
            BREAK
        END
    END
    Requirements Should Hold
