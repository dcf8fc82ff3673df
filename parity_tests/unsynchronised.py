"""Record on several devices with a mistake: batch norm normalises each shard by itself."""

from common.parity.device_group import main
from torch_impl import parallel
from torch_impl.layers import BatchNorm

if __name__ == "__main__":
    parallel._SyncBatchNorm = BatchNorm
    main()
