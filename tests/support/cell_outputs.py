"""What a notebook has shown, sorted by kind."""

SHOW = "from cs231n.vis_utils import show\nimport matplotlib.pyplot as plt\n"


def text(outputs):
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def pictures(outputs):
    return [output for output in outputs if output["output_type"] == "display_data"]
