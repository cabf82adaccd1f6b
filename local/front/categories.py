"""Which request-rate category each operation of Cognito user pools counts in, and each category's quota.

Source: cognito/latest/developerguide/quotas.html, "Amazon Cognito user pools API operation categories and
request rate quotas". The operations in NEWER are not in that table and stand in the category of their kind.
Operations that are to have no quota at all are in UNLIMITED.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A request-rate quota: requests a second for an account in a Region, over all its pools.

    `per_pool` besides limits each single operation on one pool (the table's first footnote). `per_user` says
    whether a single user's calls count as reads or as writes, 10 a second each. What is over counts in the
    category that it `spills_into`, if one is named.
    """

    rate: float
    operations: frozenset[str]
    per_pool: float | None = None
    per_user: str | None = None
    spills_into: str | None = None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CATEGORIES: dict[str, Category] = {
    "UserAuthentication": Category(
        120, _names("AdminInitiateAuth InitiateAuth GetTokensFromRefreshToken"), per_user="read"
    ),
    # "A separate quota that is three times the UserAuthentication category limit"; the excess counts there.
    "UserAuthenticationChallenges": Category(
        360, _names("AdminRespondToAuthChallenge RespondToAuthChallenge"), spills_into="UserAuthentication"
    ),
    "UserCreation": Category(50, _names("AdminConfirmSignUp AdminCreateUser ConfirmSignUp SignUp")),
    "UserAccountRecovery": Category(
        30,
        _names("""
            AdminResetUserPassword AdminSetUserPassword ChangePassword ConfirmForgotPassword ForgotPassword
        """),
        per_user="write",
    ),
    "UserRead": Category(120, _names("AdminGetUser GetUser"), per_user="read"),
    "UserUpdate": Category(
        25,
        _names("""
            AdminAddUserToGroup AdminDeleteUser AdminDeleteUserAttributes AdminDisableProviderForUser
            AdminDisableUser AdminEnableUser AdminLinkProviderForUser AdminRemoveUserFromGroup
            AdminUpdateUserAttributes AdminUserGlobalSignOut DeleteUser DeleteUserAttributes GlobalSignOut
            UpdateUserAttributes VerifyUserAttribute
        """),
        per_user="write",
    ),
    "UserToken": Category(120, _names("RevokeToken")),
    "UserResourceRead": Category(
        50,
        _names("""
            AdminGetDevice AdminGetUserAuthFactors AdminListDevices AdminListGroupsForUser
            AdminListUserAuthEvents GetDevice GetUserAttributeVerificationCode GetUserAuthFactors ListDevices
            ListWebAuthnCredentials ResendConfirmationCode
        """),
        per_user="read",
    ),
    "UserResourceUpdate": Category(
        25,
        _names("""
            AdminDeleteSoftwareToken AdminForgetDevice AdminSetUserMFAPreference AdminSetUserSettings
            AdminUpdateAuthEventFeedback AdminUpdateDeviceStatus AssociateSoftwareToken
            CompleteWebAuthnRegistration ConfirmDevice DeleteWebAuthnCredential ForgetDevice
            SetUserMFAPreference SetUserSettings StartWebAuthnRegistration UpdateAuthEventFeedback
            UpdateDeviceStatus VerifySoftwareToken
        """),
        per_user="write",
    ),
    "UserList": Category(30, _names("ListUsers ListUsersInGroup")),
    "UserPoolRead": Category(
        15, _names("DescribeUserPool GetUserPoolMfaConfig ListUserPoolReplicas ListUserPools")
    ),
    "UserPoolUpdate": Category(
        15,
        _names("""
            CreateUserPool CreateUserPoolReplica DeleteUserPool DeleteUserPoolReplica SetUserPoolMfaConfig
            UpdateUserPool UpdateUserPoolReplica
        """),
    ),
    "UserPoolResourceRead": Category(
        20,
        _names("""
            DescribeIdentityProvider DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient
            DescribeResourceServer DescribeRiskConfiguration DescribeTerms DescribeTermsByClient
            DescribeUserImportJob DescribeUserPoolDomain GetCSVHeader GetGroup GetIdentityProviderByIdentifier
            GetLogDeliveryConfiguration GetSigningCertificate GetUICustomization ListGroups
            ListIdentityProviders ListResourceServers ListTagsForResource ListTerms ListUserImportJobs
        """),
        per_pool=5,
    ),
    "UserPoolResourceUpdate": Category(
        15,
        _names("""
            AddCustomAttributes CreateGroup CreateIdentityProvider CreateManagedLoginBranding
            CreateResourceServer CreateTerms CreateUserImportJob CreateUserPoolDomain DeleteGroup
            DeleteIdentityProvider DeleteManagedLoginBranding DeleteResourceServer DeleteTerms
            DeleteUserPoolDomain SetLogDeliveryConfiguration SetRiskConfiguration SetUICustomization
            StartUserImportJob StopUserImportJob TagResource UntagResource UpdateGroup UpdateIdentityProvider
            UpdateManagedLoginBranding UpdateResourceServer UpdateTerms UpdateUserPoolDomain
        """),
        per_pool=5,
    ),
    "UserPoolClientRead": Category(
        15,
        _names("DescribeUserPoolClient ListUserPoolClientSecrets ListUserPoolClients"),
        per_pool=5,
    ),
    "UserPoolClientUpdate": Category(
        15,
        _names("""
            AddUserPoolClientSecret CreateUserPoolClient DeleteUserPoolClient DeleteUserPoolClientSecret
            UpdateUserPoolClient
        """),
        per_pool=5,
    ),
    "ClientAuthentication": Category(150, _names("GetClientToken")),
    "LimitManagement": Category(1, _names("GetProvisionedLimit UpdateProvisionedLimit")),
}

NEWER = _names("""
    AddUserPoolClientSecret AdminDeleteSoftwareToken AdminGetUserAuthFactors CompleteWebAuthnRegistration
    CreateManagedLoginBranding CreateTerms CreateUserPoolReplica DeleteManagedLoginBranding DeleteTerms
    DeleteUserPoolClientSecret DeleteUserPoolReplica DeleteWebAuthnCredential DescribeManagedLoginBranding
    DescribeManagedLoginBrandingByClient DescribeTerms DescribeTermsByClient GetClientToken
    GetLogDeliveryConfiguration GetUserAuthFactors ListTerms ListUserPoolClientSecrets ListUserPoolReplicas
    ListWebAuthnCredentials SetLogDeliveryConfiguration StartWebAuthnRegistration UpdateManagedLoginBranding
    UpdateTerms UpdateUserPoolReplica
""")

UNLIMITED: frozenset[str] = frozenset()

CATEGORY_OF: dict[str, str] = {
    operation: name for name, category in CATEGORIES.items() for operation in category.operations
}
