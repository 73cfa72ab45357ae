"""What float32 means in a process: settings of torch that change the bits of results."""


def set_arithmetic(threads: int) -> None:
    """Fix for this process what float32 means: torch's CPU threads, and no 19-bit TF32 on CUDA.

    Bits depend on the number of threads. cuDNN would compute convolutions in TF32, whose products keep 10 bits of 23;
    whoever wants less than float32 asks for bfloat16.
    """
    # Here, so that planning can import who calls this without waiting for torch.
    import torch

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
