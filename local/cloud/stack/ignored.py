"""`IGNORED`: the resource types that the laptop does not create, and why."""

from local.cloud.account import ACCOUNT, REGION
from local.cloud.stack.resources import Made

SERVED = "the laptop serves the RestApi's OpenAPI body"
UNCOUNTED = "the laptop's API checks signatures only"
UNMONITORED = "the laptop is not monitored: a run reports itself"
SCHEDULED = "the laptop has no scheduler"
PROCESS = "an instance is a process on the laptop's own network"
OWNED = "everything on the laptop belongs to its user"
IGNORED = {
    "AWS::ApiGateway::Account": SERVED,
    "AWS::ApiGateway::ApiKey": UNCOUNTED,
    "AWS::ApiGateway::Deployment": SERVED,
    "AWS::ApiGateway::GatewayResponse": SERVED,
    "AWS::ApiGateway::Method": SERVED,
    "AWS::ApiGateway::Model": SERVED,
    "AWS::ApiGateway::RequestValidator": SERVED,
    "AWS::ApiGateway::Resource": SERVED,
    "AWS::ApiGateway::Stage": SERVED,
    "AWS::ApiGateway::UsagePlan": UNCOUNTED,
    "AWS::ApiGateway::UsagePlanKey": UNCOUNTED,
    "AWS::CloudFormation::Stack": "QuickSight's; the laptop has no dashboards, but their queries are tested",
    "AWS::CloudTrail::Trail": UNMONITORED,
    "AWS::CloudWatch::Dashboard": UNMONITORED,
    "AWS::EC2::InternetGateway": PROCESS,
    "AWS::EC2::Route": PROCESS,
    "AWS::EC2::RouteTable": PROCESS,
    "AWS::EC2::SecurityGroup": PROCESS,
    "AWS::EC2::SubnetRouteTableAssociation": PROCESS,
    "AWS::EC2::VPC": PROCESS,
    "AWS::EC2::VPCEndpoint": PROCESS,
    "AWS::EC2::VPCGatewayAttachment": PROCESS,
    "AWS::Glue::SecurityConfiguration": "the laptop encrypts nothing",
    "AWS::Lambda::EventInvokeConfig": "an asynchronous invocation is attempted once",
    "AWS::Lambda::LayerVersion": "its packages are installed in the laptop's own Python",
    "AWS::Lambda::Permission": OWNED,
    "AWS::SNS::TopicPolicy": OWNED,
    "AWS::SQS::Queue": UNMONITORED,
    "AWS::SQS::QueuePolicy": OWNED,
    "AWS::Scheduler::ScheduleGroup": SCHEDULED,
}


def ignored(kind: str, name: str) -> Made:
    """Ref gives the name, GetAtt an ARN of the usual form."""
    return Made(
        name,
        {"Arn": f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}", "GroupId": name, "QueueName": name},
    )
