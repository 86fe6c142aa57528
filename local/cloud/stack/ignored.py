"""The types of resources that the laptop does not make: `IGNORED`, with the reason."""

from local.cloud.account import ACCOUNT, REGION
from local.cloud.stack.resources import Made

SERVED = "the laptop serves the RestApi's body itself"
UNCOUNTED = "the laptop's API asks for a signature only"
WATCHED = "nobody watches a laptop: a run reports itself"
STARTED = "runs are started by hand"
PROCESS = "an instance on a laptop is a process without a network of its own"
OPEN = "everything on the laptop belongs to its user"
SHOWN = "no dashboard on a laptop: its queries can be run"
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
    "AWS::CloudTrail::Trail": WATCHED,
    "AWS::CloudWatch::Alarm": WATCHED,
    "AWS::CloudWatch::Dashboard": WATCHED,
    "AWS::EC2::InternetGateway": PROCESS,
    "AWS::EC2::Route": PROCESS,
    "AWS::EC2::RouteTable": PROCESS,
    "AWS::EC2::SecurityGroup": PROCESS,
    "AWS::EC2::Subnet": PROCESS,
    "AWS::EC2::SubnetRouteTableAssociation": PROCESS,
    "AWS::EC2::VPC": PROCESS,
    "AWS::EC2::VPCEndpoint": PROCESS,
    "AWS::EC2::VPCGatewayAttachment": PROCESS,
    "AWS::Glue::SecurityConfiguration": "nothing on the laptop is encrypted",
    "AWS::Lambda::EventInvokeConfig": "an asynchronous invocation is tried once",
    "AWS::Lambda::LayerVersion": "its packages are installed in the laptop's Python",
    "AWS::Lambda::Permission": OPEN,
    "AWS::QuickSight::Dashboard": SHOWN,
    "AWS::QuickSight::DataSet": SHOWN,
    "AWS::QuickSight::DataSource": SHOWN,
    "AWS::QuickSight::RefreshSchedule": SHOWN,
    "AWS::S3::BucketPolicy": OPEN,
    "AWS::SNS::TopicPolicy": OPEN,
    "AWS::SQS::Queue": WATCHED,
    "AWS::SQS::QueuePolicy": OPEN,
    "AWS::Scheduler::Schedule": STARTED,
    "AWS::Scheduler::ScheduleGroup": STARTED,
}


def made_of_ignored(kind: str, name: str) -> Made:
    """What refers to a resource that is not made gets its name, or an ARN of the usual form."""
    return Made(name, {"Arn": f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}", "GroupId": name})
