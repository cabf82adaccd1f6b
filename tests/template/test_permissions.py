"""Who may do what: a role per function, named actions on named resources."""

from __future__ import annotations

import re

import pytest

from tests.template.policies import all_documents, granted, role_statements, statements
from tests.template.reading import EVERYTHING, KEY_ARN, REGIONS, TEMPLATE, source, stack

ROLES = ("primary", "backup")
READS = r"cognito-idp:(Describe|List|Get|AdminList)"
JOB_LOGS = "arn:aws:logs:{region}:111122223333:log-group:/aws/cognito/userpools/*"
KEY = KEY_ARN.format(region=REGIONS["primary"])

INDEXES = ("ByGroup", "ByIdentity", "ByUsername", "ByEmail", "ByPhoneNumber")

ON_ANYTHING = {
    "cognito-idp:CreateUserPool": "there is no pool yet",
    "cognito-idp:ListUserPools": "pools are listed for the account",
    "cognito-idp:DescribeUserPoolDomain": "the request names a domain and no pool",
    "xray:GetSamplingRules": "X-Ray has no resources",
    "xray:GetSamplingTargets": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "xray:PutTraceSegments": "X-Ray has no resources",
    "logs:CreateLogDelivery": "log delivery belongs to the account",
    "logs:DeleteLogDelivery": "log delivery belongs to the account",
    "logs:DescribeLogGroups": "log delivery belongs to the account",
    "logs:DescribeResourcePolicies": "log delivery belongs to the account",
    "logs:GetLogDelivery": "log delivery belongs to the account",
    "logs:ListLogDeliveries": "log delivery belongs to the account",
    "logs:PutResourcePolicy": "log delivery belongs to the account",
    "logs:UpdateLogDelivery": "log delivery belongs to the account",
}
"""The only actions allowed on every resource, each because the service lets it name none."""

POOL_WRITES = {
    "cognito-idp:AdminAddUserToGroup",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminLinkProviderForUser",
    "cognito-idp:AdminSetUserMFAPreference",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:AdminUserGlobalSignOut",
    "cognito-idp:CreateGroup",
    "cognito-idp:CreateUserImportJob",
    "cognito-idp:StartUserImportJob",
    "cognito-idp:UpdateGroup",
}
"""The only changes that anything may make to a pool: an import's."""

POOL_PARTS = {
    "cognito-idp:AddCustomAttributes",
    "cognito-idp:CreateIdentityProvider",
    "cognito-idp:CreateManagedLoginBranding",
    "cognito-idp:CreateResourceServer",
    "cognito-idp:CreateUserPool",
    "cognito-idp:CreateUserPoolClient",
    "cognito-idp:CreateUserPoolDomain",
    "cognito-idp:SetLogDeliveryConfiguration",
    "cognito-idp:SetRiskConfiguration",
    "cognito-idp:SetUICustomization",
    "cognito-idp:SetUserPoolMfaConfig",
    "cognito-idp:TagResource",
}
"""What creates a pool and its parts: nothing but Create User Pool may, and it may not touch users."""

SCRATCH_POOL = {"cognito-idp:DeleteUserPool", "cognito-idp:StopUserImportJob"}
"""What deletes a drill's pool; test_drills.py says of whom and which."""

TRIGGER_SETTERS = ("AttachTriggersRole", "DetachTriggersRole")


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_pattern(role: str) -> None:
    for place, document in all_documents(stack(role, KmsKeyArn=KEY)).items():
        for each in statements(document):
            if each.effect == "Allow":
                assert not [action for action in each.actions if "*" in action], place
                assert each.principal != "*", place
            else:
                # Denying everything is the one use of a pattern: what does not come over TLS.
                assert each.condition == {"Bool": {"aws:SecureTransport": "false"}}, place


@pytest.mark.parametrize("role", ROLES)
def test_only_what_names_no_resource_is_allowed_on_all(role: str) -> None:
    for name, found in role_statements(stack(role, KmsKeyArn=KEY)).items():
        on_anything = {action for action, where in granted(found).items() if "*" in where}
        assert on_anything <= ON_ANYTHING.keys(), name


def test_every_wildcard_resource_is_explained_where_it_stands() -> None:
    lines = TEMPLATE.read_text("utf-8").splitlines()
    wildcards = [
        number
        for number, line in enumerate(lines)
        if re.search(r'Resource: ("\*"|.*(userpools?|cognito|role|key)/\*)$', line)
    ]
    assert len(wildcards) > 5
    for number in wildcards:
        assert lines[number - 1].lstrip().startswith("# "), f"line {number + 1} has no reason above it"


@pytest.mark.parametrize("role", ROLES)
def test_every_function_has_a_role_of_its_own(role: str) -> None:
    functions = stack(role).of_type("AWS::Lambda::Function")
    for name, function in functions.items():
        assert function["Role"] == f"<{name.removesuffix('Function')}Role.Arn>"


@pytest.mark.parametrize("role", ROLES)
def test_roles_have_inline_policies_only_and_trust_one_service(role: str) -> None:
    services = {
        "lambda.amazonaws.com": "Function",
        "states.amazonaws.com": "Workflow",
        "scheduler.amazonaws.com": "Schedule",
        "cognito-idp.amazonaws.com": "ImportJobRole",
    }
    for name, each in stack(role).of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in each
        assert "RoleName" not in each
        [trust] = statements(each["AssumeRolePolicyDocument"])
        assert trust.principal.keys() == {"Service"}
        assert trust.principal["Service"] in services
        if trust.principal["Service"] != "lambda.amazonaws.com":
            assert services[trust.principal["Service"]] in name
            own_account = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
            assert trust.condition == ({} if name == "ImportJobRole" else own_account)


@pytest.mark.parametrize("role", ROLES)
def test_functions_write_to_their_own_workflows_log_only(role: str) -> None:
    for name, function in stack(role).of_type("AWS::Lambda::Function").items():
        group = function["LoggingConfig"]["LogGroup"].strip("<>")
        rights = granted(role_statements(stack(role))[f"{name.removesuffix('Function')}Role"])
        logs = {action: where for action, where in rights.items() if action.startswith("logs:")}
        read = logs.pop("logs:GetLogEvents", set())
        assert logs == {
            "logs:CreateLogStream": {f"<{group}.Arn>"},
            "logs:PutLogEvents": {f"<{group}.Arn>"},
        }
        # What import jobs say of their rows is read by the function that runs them, and by no other.
        assert read == ({JOB_LOGS.format(region=REGIONS[role])} if name == "RunImportJobFunction" else set())


@pytest.mark.parametrize("role", ROLES)
def test_an_import_job_writes_cognitos_logs_and_does_nothing_else(role: str) -> None:
    rights = role_statements(stack(role, KmsKeyArn=KEY))
    group = f"arn:aws:logs:{REGIONS[role]}:111122223333:log-group:/aws/cognito/*"
    assert granted(rights["ImportJobRole"]) == {
        f"logs:{action}": {group}
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    }
    # And only the function that creates jobs can hand the role over, to Cognito.
    [passing] = [each for each in rights["RunImportJobRole"] if "iam:PassRole" in each.actions]
    assert passing.resources == ("<ImportJobRole.Arn>",)
    assert passing.condition == {"StringEquals": {"iam:PassedToService": "cognito-idp.amazonaws.com"}}
    creating = {name for name, found in rights.items() if "cognito-idp:CreateUserImportJob" in granted(found)}
    assert creating == {"RunImportJobRole"}


def test_functions_wait_for_the_policy_that_lets_them_trace() -> None:
    attached = {
        name: {role["Ref"] for role in each["Properties"]["Roles"]}
        for name, each in source()["Resources"].items()
        if each["Type"] == "AWS::IAM::Policy"
    }
    for name, each in source()["Resources"].items():
        if each["Type"] == "AWS::Serverless::Function":
            assert f"{name.removesuffix('Function')}Role" in attached[each["DependsOn"]]


@pytest.mark.parametrize("role", ROLES)
def test_only_the_import_changes_pools_and_nothing_bills_or_deletes_users(role: str) -> None:
    functions = stack(role).of_type("AWS::Lambda::Function")
    exporters = {
        f"{name.removesuffix('Function')}Role"
        for name, each in functions.items()
        if each["LoggingConfig"]["LogGroup"] == "<ExportLogGroup>"
    }
    for name, found in role_statements(stack(role)).items():
        rights = granted(found)
        pool = {action for action in rights if action.startswith("cognito-idp:")}
        changes = {action for action in pool if not re.match(READS, action)}
        if name in TRIGGER_SETTERS:
            assert changes == {"cognito-idp:UpdateUserPool"}
        elif name in ("DeleteScratchPoolRole", "FailDrillRole"):
            assert changes == SCRATCH_POOL
        else:
            assert changes <= (POOL_PARTS if name == "CreateUserPoolRole" else POOL_WRITES)
        assert "cognito-idp:AdminGetUser" not in rights  # makes the user a billed one
        if name in exporters:
            assert not changes
            pools = set().union(*(rights[action] for action in pool - ON_ANYTHING.keys()))
            assert pools <= {"arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCdEf123"}


@pytest.mark.parametrize("role", ROLES)
def test_the_table_is_reached_by_name_in_this_region_only(role: str) -> None:
    table = f"arn:aws:dynamodb:{REGIONS[role]}:111122223333:table/backup-table"
    for found in role_statements(stack(role)).values():
        for action, where in granted(found).items():
            if action.startswith("dynamodb:"):
                assert where <= {table, *(f"{table}/index/{index}" for index in INDEXES)}
                assert action in {
                    "dynamodb:BatchGetItem",
                    "dynamodb:BatchWriteItem",
                    "dynamodb:ConditionCheckItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                }


@pytest.mark.parametrize("role", ROLES)
def test_functions_may_use_the_key_through_the_services_that_hold_data(role: str) -> None:
    with_key = stack(role, KmsKeyArn=KEY)
    region = REGIONS[role]
    for name in with_key.of_type("AWS::Lambda::Function"):
        found = role_statements(with_key)[f"{name.removesuffix('Function')}Role"]
        [key] = [each for each in found if "kms:Decrypt" in each.actions]
        assert key.resources == (KEY,)
        assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(key.actions)
        assert key.condition == {
            "StringEquals": {
                "kms:ViaService": [
                    f"{each}.{region}.amazonaws.com" for each in ("dynamodb", "s3", "sns", "sqs")
                ]
            }
        }


@pytest.mark.parametrize("role", ROLES)
def test_pools_of_this_account_and_region_may_call_their_trigger_and_nobody_else(role: str) -> None:
    permission = stack(role).of_type("AWS::Lambda::Permission")["RestoreFederatedGroupsPermission"]
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": "<RestoreFederatedGroupsFunction.Arn>",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceAccount": "111122223333",
        "SourceArn": f"arn:aws:cognito-idp:{REGIONS[role]}:111122223333:userpool/*",
    }


@pytest.mark.parametrize("role", ROLES)
def test_without_a_key_nobody_may_use_one(role: str) -> None:
    for found in role_statements(stack(role)).values():
        assert {action for action in granted(found) if action.startswith("kms:")} <= {"kms:CreateGrant"}


@pytest.mark.parametrize("role", ROLES)
def test_only_a_new_pool_is_granted_keys_and_roles_and_only_for_aws_services(role: str) -> None:
    rights = role_statements(stack(role, KmsKeyArn=KEY))
    granting = {name for name, found in rights.items() if "kms:CreateGrant" in granted(found)}
    assert granting == {"CreateUserPoolRole", *TRIGGER_SETTERS}
    for name in granting:
        conditions = {action: each.condition for each in rights[name] for action in each.actions}
        assert conditions["kms:CreateGrant"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        passed = {"StringEquals": {"iam:PassedToService": "cognito-idp.amazonaws.com"}}
        assert conditions["iam:PassRole"] == passed
    conditions = {action: each.condition for each in rights["CreateUserPoolRole"] for action in each.actions}
    service = {"StringEquals": {"iam:AWSServiceName": "email.cognito-idp.amazonaws.com"}}
    assert conditions["iam:CreateServiceLinkedRole"] == service


@pytest.mark.parametrize("role", ROLES)
def test_passwords_are_verified_with_the_pool_named_for_it_and_only_at_sign_in(role: str) -> None:
    check = {"PrimaryUserPoolId": "us-east-1_AbCdEf123", "PrimaryAppClientId": "1example23456789"}
    asking = {
        name: granted(found)["cognito-idp:AdminInitiateAuth"]
        for name, found in role_statements(stack(role, **check)).items()
        if "cognito-idp:AdminInitiateAuth" in granted(found)
    }
    pool = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCdEf123"
    assert asking == {"MigrateUserRole": {pool}}
    plain = role_statements(stack(role))
    assert not [name for name in plain if "cognito-idp:AdminInitiateAuth" in granted(plain[name])]


@pytest.mark.parametrize("role", ROLES)
def test_who_is_let_in_by_a_trigger_writes_to_the_partitions_of_its_own_only(role: str) -> None:
    """What a trigger is called with comes from anybody."""
    for name in ("MigrateUserRole", "RestoreFederatedGroupsRole"):
        for each in role_statements(stack(role))[name]:
            if "dynamodb:UpdateItem" in each.actions:
                assert each.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "FEDERATED#*"}}
            if "dynamodb:Query" in each.actions and not any("/index/" in where for where in each.resources):
                assert each.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "USER#*"}}


@pytest.mark.parametrize("role", ROLES)
def test_indexes_are_asked_by_a_statement_of_their_own(role: str) -> None:
    """Of an index the leading key is its own: a condition for the table's would refuse every name."""
    for name, found in role_statements(stack(role, **EVERYTHING[role])).items():
        for each in found:
            indexes = {where for where in each.resources if "/index/" in where}
            assert not indexes or (indexes == set(each.resources) and not each.condition), name


@pytest.mark.parametrize("role", ROLES)
def test_who_may_call_the_one_trigger_is_set_by_those_who_attach_and_detach_it(role: str) -> None:
    rights = {name: granted(found) for name, found in role_statements(stack(role)).items()}
    setting = {
        "cognito-idp:UpdateUserPool": [*TRIGGER_SETTERS],
        "lambda:AddPermission": ["AttachTriggersRole"],
        "lambda:RemovePermission": ["DetachTriggersRole"],
    }
    for action, names in setting.items():
        assert [name for name in rights if action in rights[name]] == names
        if action.startswith("lambda:"):
            assert rights[names[0]][action] == {"<MigrateUserFunction.Arn>"}
    [adding] = [
        each
        for each in role_statements(stack(role))["AttachTriggersRole"]
        if "lambda:AddPermission" in each.actions
    ]
    assert adding.condition == {"StringEquals": {"lambda:Principal": "cognito-idp.amazonaws.com"}}
    for name in TRIGGER_SETTERS:
        [table] = [each for each in role_statements(stack(role))[name] if "dynamodb:GetItem" in each.actions]
        assert table.condition == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "ON_DEMAND"}}
