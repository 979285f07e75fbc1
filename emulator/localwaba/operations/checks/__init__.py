"""What an app has to do with webhooks: rules, the requests that try them, and what is to be seen if they are kept.

Pure: a check says which bytes to send and judges what came of it; whoever sends them is somebody else.
"""
